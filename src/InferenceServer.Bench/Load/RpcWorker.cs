using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Rpc;

namespace InferenceServer.Bench.Load;

/// <summary>Sends one request at a time over a slot of a connection.</summary>
internal sealed class RpcWorker(LoadPoint point, IRpcConnection connection, int slot, int index, LoadControl control, TimeProvider clock)
{
    private readonly WorkerTally _tally = control.NewTally();
    private int _next = index;

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
        var request = (int)((uint)_next++ % (uint)point.Requests.Sent.Count);
        try
        {
            var reply = await connection.ExchangeAsync(slot, point.Requests.Sent[request], point.Requests.ExpectedOf(request));
            control.Succeeded();
            _tally.Success(due, sent, reply, point.Requests.Sent[request].Length, isStarved);
        }
        catch (Exception e) when (RequestFailure.Of(e) is { } failure)
        {
            control.Failed();
            _tally.Failure(due, failure);
        }
    }
}
