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
    private const int MostPorts = 5;

    /// <summary>What Node.js says of a port that somebody else listens on.</summary>
    private const string Taken = "EADDRINUSE";

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

    /// <summary>Starts a program of those that .ci/stores installs.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="args">Its arguments, with the port that it is to listen on.</param>
    /// <param name="environment">What it has in its environment.</param>
    public static async Task<(StoreProcess Process, int Port)> StartAsync(string program, Func<string, string[]> args, Dictionary<string, string> environment)
    {
        await s_installed.Value;
        for (var left = MostPorts; ; left--)
        {
            var port = FreePort();
            var store = new StoreProcess([Path.Combine(RepositoryRoot.Path, "artifacts", "stores", "node_modules", ".bin", program), .. args(port.ToString(CultureInfo.InvariantCulture))], environment);
            if (await store.TryStartAsync())
            {
                return (store, port);
            }

            // Between the look and the listening somebody else may have taken it.
            Assert.True(left > 0 && Array.Exists(store.Output, static line => line.Contains(Taken, StringComparison.Ordinal)), string.Join('\n', store.Output));
            store.Dispose();
        }
    }

    /// <summary>A port that nobody listens on, below those that the system gives to whoever connects: one of these may be taken at any moment, also while a store is away for a while.</summary>
    private static int FreePort()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(20_000, 32_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Another one, then.
                continue;
            }
        }
    }

    /// <summary>Starts it again, on the port that it had.</summary>
    public async Task StartAgainAsync() => Assert.True(await TryStartAsync(), string.Join('\n', Output));

    private async Task<bool> TryStartAsync()
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

            if (line.Data?.Contains("listen", StringComparison.OrdinalIgnoreCase) == true && !line.Data.Contains(Taken, StringComparison.Ordinal))
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
        return listens.Task.IsCompleted;
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
