using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>Every curl line of the sample models' pages and of the README works as it is written.</summary>
[Collection(SampleServerCollection.Name)]
public sealed partial class DocumentedCommandTests(SampleServer sample)
{
    public static TheoryData<string> Pages =>
    [
        "README.md", "docs/http.md", "docs/scheduling.md", "docs/ensembles.md", "docs/sequences.md", "docs/serve-your-model.md", "docs/runbook.md", "docs/install.md", "docs/shared-memory.md",
        .. Directory.EnumerateDirectories(SampleServer.Repository).Select(static folder => $"model-repository/{Path.GetFileName(folder)}/README.md").Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task CurlLines_WorkAsTheyAreWritten(string page)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, page), TestContext.Current.CancellationToken);
        var commands = ShellBlock().Matches(text).Select(static match => match.Groups[1].Value).Where(static block => block.Contains("curl ", StringComparison.Ordinal) && block.Contains("localhost:8000", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(commands);
        foreach (var command in commands)
        {
            var (code, output) = await RunAsync(command.Replace("http://localhost:8000", sample.Server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal));
            Assert.True(code == 0, output);
            Assert.DoesNotContain("{\"error\"", output, StringComparison.Ordinal);
            if (output.StartsWith('{'))
            {
                using var document = JsonDocument.Parse(output);
                Assert.False(document.RootElement.TryGetProperty("error", out var error), error.ToString());
                Assert.True(new[] { "outputs", "inputs", "model_stats" }.Any(member => document.RootElement.TryGetProperty(member, out _)) || command.Contains("/generate ", StringComparison.Ordinal), output);
            }
        }
    }

    /// <summary>Runs a block as a shell does that stops at the first mistake.</summary>
    internal static async Task<(int Code, string Output)> RunAsync(string command)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = RepositoryRoot.Path };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("set -euo pipefail\n" + command);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TestTimeouts.Phase);
        return (process.ExitCode, (await output).Trim() + await errors);
    }

    [GeneratedRegex("```(?:sh|bash)\n(.*?)```", RegexOptions.Singleline)]
    internal static partial Regex ShellBlock();
}
