using System.CommandLine;
using System.IO.Abstractions;
using InferenceServer.Bench.Output;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Commands;

/// <summary>What <c>inference-server bench</c> does: loads a server that speaks the protocol and says what it saw.</summary>
/// <param name="files">Where inputs are read and reports are written.</param>
/// <param name="environment">The variables of the environment, by name.</param>
/// <param name="clock">The time; its timestamps must be those of a clock of high resolution.</param>
public sealed class BenchCommand(IFileSystem files, Func<string, string?> environment, TimeProvider clock)
{
    /// <summary>Everything was measured, and no request failed.</summary>
    public const int Success = 0;

    /// <summary>Requests failed, answers differ, the server cannot be asked, or a report cannot be written.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    private const string Word = "bench";

    /// <summary>Runs the command.</summary>
    /// <param name="args">What stands behind the word.</param>
    /// <param name="output">For the tables.</param>
    /// <param name="errors">For the progress, and for what is wrong.</param>
    /// <param name="isTerminal">Whether a line of <paramref name="errors"/> can be written over.</param>
    /// <param name="cancellation">Ends the run; what was measured until then is told all the same.</param>
    /// <returns>The exit code: one of the constants of this type.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter errors, bool isTerminal, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(errors);
        var options = new BenchOptions();
        var command = new Command(Word, "Loads a server that speaks the KServe v2 protocol and says how many answers it gave, how fast, and what it says of that itself.") { options.Model };
        foreach (var option in options.All)
        {
            command.Add(option);
        }

        // A value that begins with @ is a value, and no file with more options.
        var parsed = new RootCommand { command }.Parse([Word, .. args], new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            return await RefuseAsync(errors, [.. parsed.Errors.Select(static error => error.Message)]);
        }

        var code = Success;
        command.SetAction(async (result, stop) => code = await RunAsync(options, result, output, errors, isTerminal, stop));
        await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellation);
        return code;
    }

    private static async Task<int> RefuseAsync(TextWriter errors, IReadOnlyList<string> problems)
    {
        foreach (var problem in problems)
        {
            await errors.WriteLineAsync(problem);
        }

        await errors.WriteLineAsync($"{Word} --help lists every option.");
        return Usage;
    }

    private async Task<int> RunAsync(BenchOptions options, ParseResult parsed, TextWriter output, TextWriter errors, bool isTerminal, CancellationToken cancellation)
    {
        if (new BenchPlanReader(options, parsed, files, environment).Read(out var problems) is not { } plan)
        {
            return await RefuseAsync(errors, problems);
        }

        var progress = new ConsoleProgress(errors, isTerminal, parsed.GetValue(options.Quiet));
        try
        {
            var workloads = await new WorkloadBuilder(plan, files, clock).BuildAsync(cancellation);
            var result = await new BenchRun(plan, workloads, progress, clock).RunAsync(cancellation);
            progress.Erase();
            await output.WriteAsync(ResultText.Of(result));
            await WriteReportsAsync(options, parsed, result);
            return result.IsClean && !result.IsCutShort ? Success : Failure;
        }
        catch (BenchException e)
        {
            progress.Erase();
            await errors.WriteLineAsync($"error: {e.Message}");
            return Failure;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            progress.Erase();
            await errors.WriteLineAsync("stopped before anything was measured");
            return Failure;
        }
    }

    private async Task WriteReportsAsync(BenchOptions options, ParseResult parsed, BenchResult result)
    {
        if (parsed.GetValue(options.Json) is { } json)
        {
            await ReportFile.WriteAsync(files, json, JsonReport.Of(result));
        }

        if (parsed.GetValue(options.Html) is { } html)
        {
            await ReportFile.WriteAsync(files, html, HtmlReport.Of(result));
        }
    }
}
