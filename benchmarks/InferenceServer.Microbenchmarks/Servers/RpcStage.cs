using System.Net;
using Grpc.Net.Client;
using Inference;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Servers;

/// <summary>A call over gRPC by the generated client.</summary>
internal sealed class RpcStage : IAsyncStage, IAsyncDisposable
{
    private readonly IAsyncDisposable _server;
    private readonly GrpcChannel _channel;
    private readonly GRPCInferenceService.GRPCInferenceServiceClient _client;
    private readonly ModelInferRequest _message;

    /// <param name="server">Belongs to the stage.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="message">What it is sent.</param>
    public RpcStage(IAsyncDisposable server, IPEndPoint address, ModelInferRequest message)
    {
        _server = server;
        _channel = GrpcChannel.ForAddress($"http://{address}");
        _client = new GRPCInferenceService.GRPCInferenceServiceClient(_channel);
        _message = message;
    }

    public Task RunAsync() => AskAsync();

    /// <summary>The answer.</summary>
    public async Task<ModelInferResponse> AskAsync() => await _client.ModelInferAsync(_message).ConfigureAwait(false);

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return _server.DisposeAsync();
    }
}
