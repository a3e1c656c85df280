using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Rpc;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.Bench.Load;

/// <summary>Sends one request at a time over a slot of a connection.</summary>
internal sealed class RpcWorker(LoadPoint point, IRpcConnection connection, int slot, int index, LoadControl control, TimeProvider clock)
{
    private readonly WorkerTally _tally = control.NewTally();
    private readonly IReadOnlyList<byte[]> _sent = point.Requests.SentBy(index);
    private readonly SharedSlot? _slot = point.Requests.Slots?[index];
    private int _next = index;

    /// <summary>Sends the first request, and counts nothing.</summary>
    /// <exception cref="RequestFailedException">Its answer is not a good one.</exception>
    /// <exception cref="global::Grpc.Core.RpcException">The same.</exception>
    public async Task AskAsync()
    {
        await connection.ExchangeAsync(slot, _sent[0], point.Requests.ExpectedOf(0));
        _slot?.Succeeded(0);
    }

    /// <summary>The closed loop: the next request follows the last answer.</summary>
    public async Task LoopAsync()
    {
        for (var now = clock.GetTimestamp(); now < control.End && !control.GaveUp; now = clock.GetTimestamp())
        {
            await SendAsync(now, now);
        }
    }

    /// <summary>Sends one request and counts what becomes of it.</summary>
    public async Task SendAsync(long due, long sent, bool isStarved = false)
    {
        var request = (int)((uint)_next++ % (uint)_sent.Count);
        try
        {
            var reply = await connection.ExchangeAsync(slot, _sent[request], point.Requests.ExpectedOf(request));
            control.Succeeded();
            _slot?.Succeeded(request);
            _tally.Success(due, sent, reply, _sent[request].Length, isStarved);
        }
        catch (Exception e) when (RequestFailure.Of(e) is { } failure)
        {
            var counted = control.Failed(failure);
            _slot?.Failed();
            _tally.Failure(due, counted);
        }
    }
}
