using System.Globalization;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Routing;

namespace InferenceServer.Host.Checking;

/// <summary>What <c>inference-server check</c> does: says of every model in the repositories whether it would serve.</summary>
/// <param name="check">Finds it out.</param>
/// <param name="aliases">Finds out what is wrong with the aliases.</param>
/// <param name="output">Where it is said.</param>
internal sealed class CheckCommand(RepositoryCheck check, AliasCheck aliases, TextWriter output)
{
    /// <summary>Checks all models.</summary>
    /// <returns>The exit code: 0 when all would serve, 1 when one would not or a repository cannot be read.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        int good = 0, bad = 0, warnings = 0;
        try
        {
            await foreach (var found in check.RunAsync(cancellationToken))
            {
                _ = found.Problems.IsEmpty ? good++ : bad++;
                warnings += found.Warnings.Length;
                await WriteAsync(found);
            }

            var problems = aliases.Run(out var names);
            good += names.Length;
            bad += problems.Length;
            await WriteAsync(problems, names);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await output.WriteLineAsync($"error   the model repository cannot be read: {exception.Message}");
            bad++;
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{good} would serve, {bad} would not, {warnings} {(warnings == 1 ? "warning" : "warnings")}"));
        return bad == 0 ? 0 : 1;
    }

    private async Task WriteAsync(IEnumerable<string> problems, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            await output.WriteLineAsync($"ok      alias {name}");
        }

        foreach (var problem in problems)
        {
            await output.WriteLineAsync($"error   {problem}");
        }
    }

    private async Task WriteAsync(ModelCheck found)
    {
        var name = found.Version is { } version ? string.Create(CultureInfo.InvariantCulture, $"{found.Model} version {version}") : found.Model;
        foreach (var warning in found.Warnings)
        {
            await output.WriteLineAsync($"warning {name}: {warning}");
        }

        if (found.Problems.IsEmpty)
        {
            await output.WriteLineAsync($"ok      {name}");
        }

        foreach (var problem in found.Problems)
        {
            await output.WriteLineAsync($"error   {name}: {problem}");
        }
    }
}
