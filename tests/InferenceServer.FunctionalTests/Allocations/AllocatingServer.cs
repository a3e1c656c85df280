using Grpc.Net.Client;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Allocations;

/// <summary>A server in a process of its own.</summary>
internal sealed class AllocatingServer : IAllocatingServer, IAsyncDisposable
{
    private readonly ServerProcess _process;

    private AllocatingServer(ServerProcess process, Uri http)
    {
        _process = process;
        Http = new HttpClient { BaseAddress = http, Timeout = TestTimeouts.Phase };
        Channel = GrpcChannel.ForAddress(process.RpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
    }

    public HttpClient Http { get; }

    public GrpcChannel Channel { get; }

    public Uri MetricsAddress => _process.MetricsAddress;

    public static async Task<AllocatingServer> StartAsync(string repository)
    {
        // How many lines the log gets in a second is bounded, and so would be of fewer requests where these take longer.
        var process = ServerProcess.Start(
            $"--model-repository={repository}", "--log-requests=failed", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0");
        try
        {
            return new AllocatingServer(process, await process.WaitForSummaryAsync());
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        Http.Dispose();
        _process.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await _process.WaitForExitAsync());
        _process.Dispose();
    }
}
