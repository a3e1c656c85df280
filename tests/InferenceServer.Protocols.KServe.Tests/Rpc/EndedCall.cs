using Grpc.Core;
using Inference;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>
/// A stream whose client goes while the server is about to read or to write: the web server knows of it, the token of the call is not signalled yet, and reading and writing throw what the library throws then.
/// </summary>
internal sealed class EndedCall : ServerCallContext, IAsyncStreamReader<ModelInferRequest>, IServerStreamWriter<ModelStreamInferResponse>, IDisposable
{
    private readonly CancellationTokenSource _aborted = new();
    private readonly DefaultHttpContext _http = new();
    private readonly Queue<ModelInferRequest> _requests;
    private readonly bool _goesWhileWriting;

    /// <param name="goesWhileWriting">True when it goes after its request; false when it goes before the next one.</param>
    /// <param name="requests">What it sends first.</param>
    public EndedCall(bool goesWhileWriting, params ModelInferRequest[] requests)
    {
        (_goesWhileWriting, _requests) = (goesWhileWriting, new Queue<ModelInferRequest>(requests));
        _http.RequestAborted = _aborted.Token;
        UserState["__HttpContext"] = _http;
    }

    public ModelInferRequest Current { get; private set; } = new();

    protected override string MethodCore => "/inference.GRPCInferenceService/ModelStreamInfer";

    protected override string HostCore => "";

    protected override string PeerCore => "";

    protected override DateTime DeadlineCore => DateTime.MaxValue;

    protected override Metadata RequestHeadersCore { get; } = [];

    protected override CancellationToken CancellationTokenCore => CancellationToken.None;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore { get; } = new("", []);

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (_requests.TryDequeue(out var request))
        {
            Current = request;
            return Task.FromResult(true);
        }

        return _goesWhileWriting ? WaitAsync(cancellationToken) : Task.FromException<bool>(End("Can't read messages after the request is complete."));
    }

    public Task WriteAsync(ModelStreamInferResponse message, CancellationToken cancellationToken) => WriteAsync(message);

    public Task WriteAsync(ModelStreamInferResponse message) => _goesWhileWriting ? Task.FromException(End("Can't write the message because the request is complete.")) : Task.CompletedTask;

    public void Dispose() => _aborted.Dispose();

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();

    private static async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return false;
    }

    private InvalidOperationException End(string message)
    {
        _aborted.Cancel();
        return new InvalidOperationException(message);
    }
}
