using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Stores;

/// <summary>A real object store on loopback, as a process of its own that a test can end and start again.</summary>
internal sealed class StoreProcess : IDisposable
{
    private static readonly Lazy<Task> s_installed = new(InstallAsync);

    private readonly string[] _args;
    private readonly Dictionary<string, string> _environment;
    private readonly List<string> _output = [];
    private Process? _process;

    private StoreProcess(string[] args, Dictionary<string, string> environment)
    {
        _args = args;
        _environment = environment;
    }

    /// <summary>What it has written.</summary>
    public string[] Output
    {
        get
        {
            lock (_output)
            {
                return [.. _output];
            }
        }
    }

    /// <summary>A port that nobody listens on.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts a program of those that .ci/stores installs.</summary>
    public static async Task<StoreProcess> StartAsync(string program, string[] args, Dictionary<string, string> environment)
    {
        await s_installed.Value;
        var store = new StoreProcess([Path.Combine(RepositoryRoot.Path, "artifacts", "stores", "node_modules", ".bin", program), .. args], environment);
        await store.StartAsync();
        return store;
    }

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in _args)
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) =>
        {
            lock (_output)
            {
                _output.Add(line.Data ?? "");
            }

            if (line.Data?.Contains("listen", StringComparison.OrdinalIgnoreCase) == true)
            {
                listens.TrySetResult();
            }
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_output)
            {
                _output.Add(line.Data ?? "");
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Task.WhenAny(listens.Task, _process.WaitForExitAsync()).WaitAsync(TestTimeouts.Phase);
        Assert.True(listens.Task.IsCompleted, string.Join('\n', Output));
    }

    /// <summary>Ends it, and lets it write down what it has.</summary>
    public void End()
    {
        if (_process is { HasExited: false })
        {
            using var signal = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            if (!_process.WaitForExit(TestTimeouts.Phase))
            {
                _process.Kill();
            }
        }

        _process?.Dispose();
        _process = null;
    }

    public void Dispose() => End();

    private static async Task InstallAsync()
    {
        using var process = Process.Start(new ProcessStartInfo("bash") { ArgumentList = { Path.Combine(RepositoryRoot.Path, ".ci", "stores") }, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
    }
}
