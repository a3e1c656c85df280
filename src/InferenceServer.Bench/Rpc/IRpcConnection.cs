using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Rpc;

/// <summary>A connection that carries a request a slot at a time.</summary>
internal interface IRpcConnection : IAsyncDisposable
{
    /// <summary>Sends a request and waits for its last response.</summary>
    /// <param name="slot">Which of the requests in flight this is, from 0; no two at a time may have the same.</param>
    /// <param name="request">The serialised message.</param>
    /// <param name="expected">What the one response must be; null for anything.</param>
    /// <exception cref="RequestFailedException">It failed, or it took too long.</exception>
    /// <exception cref="global::Grpc.Core.RpcException">The same.</exception>
    Task<Reply> ExchangeAsync(int slot, byte[] request, byte[]? expected);

    /// <summary>Ends what is in flight, which then fails.</summary>
    void Abort();
}
