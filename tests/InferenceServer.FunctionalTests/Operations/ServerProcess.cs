using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>The server as a process of its own, as an operator runs it.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    public const int SigTerm = 15;

    /// <summary>Another build of the server, to measure it, as a path from the root of the checkout; null for the one that the tests were built with.</summary>
    private const string ProgramVariable = "INFERENCE_SERVER_PROGRAM";

    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly List<string> _log = [];
    private readonly TaskCompletionSource _summary = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(string program, IReadOnlyDictionary<string, string> environment, Func<string, bool>? keeps, string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = RepositoryRoot.Path,
        };
        start.ArgumentList.Add(program);
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Add(_output, line.Data, isSummaryEnd: line.Data?.Contains("metrics ", StringComparison.Ordinal) == true);
        _process.ErrorDataReceived += (_, line) => Add(_log, line.Data is { } text && keeps?.Invoke(text) == false ? null : line.Data, isSummaryEnd: false);
    }

    private static string Program => Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } other ? Path.GetFullPath(other, RepositoryRoot.Path) : Path.Combine(AppContext.BaseDirectory, "inference-server.dll");

    public string Output => Join(_output);

    public string Log => Join(_log);

    public int Id => _process.Id;

    public static ServerProcess Start(params string[] args) => Start(new Dictionary<string, string>(), args);

    public static ServerProcess Start(IReadOnlyDictionary<string, string> environment, params string[] args) => Start(environment, null, args);

    /// <summary>Starts one.</summary>
    /// <param name="environment">Variables beside those of the test.</param>
    /// <param name="keeps">Which lines of the log are kept: one that runs for hours has too many; null for all.</param>
    /// <param name="args">The command line.</param>
    public static ServerProcess Start(IReadOnlyDictionary<string, string> environment, Func<string, bool>? keeps, params string[] args) => Start(Program, environment, keeps, args);

    /// <summary>Starts another build of the server than the one beside the tests.</summary>
    public static ServerProcess StartProgram(string program, params string[] args) => Start(program, new Dictionary<string, string>(), null, args);

    private static ServerProcess Start(string program, IReadOnlyDictionary<string, string> environment, Func<string, bool>? keeps, string[] args)
    {
        var server = new ServerProcess(program, environment, keeps, args);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Waits until the summary has been printed; returns the HTTP address in it.</summary>
    public async Task<Uri> WaitForSummaryAsync()
    {
        await Task.WhenAny(_summary.Task, _process.WaitForExitAsync()).WaitAsync(TestTimeouts.Start);
        Assert.False(_process.HasExited, $"the server ended:\n{Output}\n{Log}");
        return new Uri(HttpAddress().Match(Output).Groups[1].Value);
    }

    /// <summary>The address of the metrics in the summary.</summary>
    public Uri MetricsAddress => new(MetricsAddressLine().Match(Output).Groups[1].Value);

    /// <summary>The address of gRPC in the summary.</summary>
    public Uri RpcAddress => new("http://" + RpcAddressLine().Match(Output).Groups[1].Value);

    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TestTimeouts.Phase);
        return _process.ExitCode;
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [GeneratedRegex(@"metrics\s+(http://\S+)")]
    private static partial Regex MetricsAddressLine();

    [GeneratedRegex(@"gRPC\s+(\S+:\d+)")]
    private static partial Regex RpcAddressLine();

    [GeneratedRegex(@"HTTP\s+(http://\S+)")]
    private static partial Regex HttpAddress();

    private static string Join(List<string> lines)
    {
        lock (lines)
        {
            return string.Join('\n', lines);
        }
    }

    private void Add(List<string> lines, string? line, bool isSummaryEnd)
    {
        if (line is null)
        {
            return;
        }

        lock (lines)
        {
            lines.Add(line);
        }

        if (isSummaryEnd)
        {
            _summary.TrySetResult();
        }
    }
}
