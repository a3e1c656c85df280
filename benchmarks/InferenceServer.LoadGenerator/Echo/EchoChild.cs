using System.Diagnostics;
using System.Net;
using InferenceServer.Bench;
using InferenceServer.LoadGenerator.Commands;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>The echo endpoint in a process of its own, so that it competes for the processors exactly as the server does.</summary>
internal sealed class EchoChild : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private EchoChild(Process process, EchoAnnouncement addresses)
    {
        _process = process;
        Http = addresses.Http;
        Grpc = addresses.Grpc;
    }

    public IPEndPoint Http { get; }

    public IPEndPoint Grpc { get; }

    public static async Task<EchoChild> StartAsync(Recording recording, RpcEcho rpcEcho, CancellationToken cancellation)
    {
        var path = Path.Combine(Path.GetTempPath(), $"inference-echo-{Guid.NewGuid():N}.json");
        try
        {
            recording.Save(path);
            var process = Process.Start(StartInfo(path, rpcEcho)) ?? throw new BenchException("the echo process cannot be started");
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                limit.CancelAfter(_patience);
                var line = await process.StandardOutput.ReadLineAsync(limit.Token);
                var addresses = EchoAnnouncement.TryParse(line)
                    ?? throw new BenchException($"the echo process did not start: it said '{line ?? "nothing"}'");
                return new EchoChild(process, addresses);
            }
            catch
            {
                process.Kill();
                process.Dispose();
                throw;
            }
        }
        finally
        {
            // The child has read it by the time it announces itself.
            File.Delete(path);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The end of its standard input tells the child to stop; it sees that too when this process dies.
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(string recording, RpcEcho rpcEcho)
    {
        // As "dotnet <dll>" the process path is the dotnet host; inside a test it is the test's own executable.
        var assembly = typeof(EchoChild).Assembly.Location;
        var own = Path.ChangeExtension(assembly, null);
        var start = new ProcessStartInfo
        {
            FileName = Environment.ProcessPath == own ? own : "dotnet",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        if (start.FileName != own)
        {
            start.ArgumentList.Add(assembly);
        }

        foreach (var argument in (string[])["echo", "--recording", recording, OptionChecks.RpcEchoName, OptionChecks.NameOf(rpcEcho), "--until-stdin-ends"])
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
