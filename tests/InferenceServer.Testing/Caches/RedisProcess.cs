using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace InferenceServer.Testing.Caches;

/// <summary>A real Redis on loopback, as a process of its own that a test can stop, end and start again. It keeps nothing on disk.</summary>
public sealed class RedisProcess : IDisposable
{
    private static readonly Lazy<Task> s_installed = new(InstallAsync);

    private readonly string[] _args;
    private Process? _process;

    private RedisProcess(int port, string[] args)
    {
        Port = port;
        _args = args;
    }

    public int Port { get; }

    /// <summary>Starts one; installs the program where there is none.</summary>
    /// <param name="makeArgs">More arguments, given the port; null for none.</param>
    public static async Task<RedisProcess> StartAsync(Func<int, string[]>? makeArgs = null)
    {
        await s_installed.Value;
        var port = FreePort();
        var redis = new RedisProcess(port, makeArgs?.Invoke(port) ?? ["--port", Text(port)]);
        await redis.StartAgainAsync();
        return redis;
    }

    /// <summary>Starts it once more at the same port, empty.</summary>
    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var arg in (string[])["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", .. _args])
        {
            start.ArgumentList.Add(arg);
        }

        var output = new StringBuilder();
        var isReady = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) =>
        {
            lock (output)
            {
                output.AppendLine(line.Data);
            }

            if (line.Data?.Contains("eady to accept connections", StringComparison.Ordinal) == true)
            {
                isReady.TrySetResult();
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        await Task.WhenAny(isReady.Task, _process.WaitForExitAsync()).WaitAsync(TestTimeouts.Phase);
        if (!isReady.Task.IsCompleted)
        {
            throw new InvalidOperationException($"redis-server did not start:\n{output}");
        }
    }

    /// <summary>Has it answer nothing, with its connections open.</summary>
    public void Halt() => Signal("-STOP");

    /// <summary>Has it go on.</summary>
    public void Resume() => Signal("-CONT");

    /// <summary>Ends it in the middle of whatever it does.</summary>
    public void End()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        _process = null;
    }

    /// <summary>What it answers to a command, by its own client.</summary>
    public async Task<string> AskAsync(params string[] command)
    {
        var start = new ProcessStartInfo("redis-cli") { RedirectStandardOutput = true };
        foreach (var arg in (string[])["-p", Text(Port), .. command])
        {
            start.ArgumentList.Add(arg);
        }

        using var client = Process.Start(start)!;
        var answer = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        return answer.Trim();
    }

    public void Dispose() => End();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task InstallAsync()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "InferenceServer.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("InferenceServer.sln is in no folder above the tests");
        }

        using var process = Process.Start("bash", [Path.Combine(folder.FullName, ".ci", "redis")]);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException("redis-server cannot be installed");
        }
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, Text(_process!.Id)]);
        kill.WaitForExit();
    }
}
