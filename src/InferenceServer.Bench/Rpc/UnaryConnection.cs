using Grpc.Core;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Rpc;

/// <summary>One HTTP/2 connection that carries one ModelInfer call at a time.</summary>
internal sealed class UnaryConnection(ServerAddress server, ConnectionSettings settings, TimeProvider clock) : IRpcConnection
{
    private readonly RpcChannel _channel = new(server, settings);
    private readonly CancellationTokenSource _abort = new();
    private CancellationTokenSource? _limit;

    public async Task<Reply> ExchangeAsync(int slot, byte[] request, byte[]? expected)
    {
        var answer = await CallAsync(request);
        var ended = clock.GetTimestamp();
        return expected is null || answer.AsSpan().SequenceEqual(expected)
            ? new Reply(ended, ended, 1, answer.Length)
            : throw RequestFailedException.Differs();
    }

    /// <summary>The serialised response to a serialised request.</summary>
    public async Task<byte[]> CallAsync(byte[] request)
    {
        // A deadline in the call would put a timer into the server as well. This one is set anew for each call, which costs next to nothing.
        var limit = _limit ??= CancellationTokenSource.CreateLinkedTokenSource(_abort.Token);
        limit.CancelAfter(settings.Timeout);
        using var call = _channel.Invoker.AsyncUnaryCall(RawMethod.Unary, null, new CallOptions(_channel.Headers, cancellationToken: limit.Token), request);
        try
        {
            return await call.ResponseAsync;
        }
        catch (RpcException) when (limit.IsCancellationRequested)
        {
            throw RequestFailedException.Timeout(server.ToString(), settings.Timeout);
        }
        finally
        {
            if (!limit.TryReset())
            {
                limit.Dispose();
                _limit = null;
            }
        }
    }

    public void Abort() => _abort.Cancel();

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        _limit?.Dispose();
        _abort.Dispose();
        return ValueTask.CompletedTask;
    }
}
