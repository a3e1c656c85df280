using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.Rpc;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.Bench.Load;

/// <summary>Drives several HTTP connections of a closed loop from one thread: each has a request in flight, and its answer is read and the next one sent when its turn comes.</summary>
/// <param name="point">What to send.</param>
/// <param name="first">The number of its first connection.</param>
/// <param name="count">How many it has.</param>
/// <param name="control">Says until when.</param>
/// <param name="clock">The time.</param>
internal sealed class HttpTurnWorker(LoadPoint point, int first, int count, LoadControl control, TimeProvider clock) : IHttpWorker
{
    private readonly WorkerTally _tally = control.NewTally();
    private readonly HttpConnection?[] _connections = new HttpConnection?[count];
    private readonly (int Request, long Due, bool IsSent)[] _flights = new (int, long, bool)[count];
    private readonly int[] _next = [.. Enumerable.Range(first, count)];

    public int Connections => count;

    public void Open(CancellationToken cancellation)
    {
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var connection = _connections[i] = HttpConnection.Open(point.Server, point.Settings, clock);
            connection.Exchange(SentBy(i)[0]);
            if (point.Requests.Check(connection.Response, 0) is { } failure)
            {
                throw new RequestFailedException(failure);
            }

            SlotOf(i)?.Succeeded(0);
        }
    }

    public Task RunAsync(IPace pace) => LoadThread.RunAsync(() => Loop(pace));

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection?.Dispose();
        }
    }

    private IReadOnlyList<byte[]> SentBy(int i) => point.Requests.SentBy(first + i);

    private SharedSlot? SlotOf(int i) => point.Requests.Slots?[first + i];

    private void Loop(IPace pace)
    {
        for (var any = true; any;)
        {
            any = false;
            for (var i = 0; i < count; i++)
            {
                if (_flights[i].IsSent)
                {
                    End(i);
                }

                if (pace.TryNext(out var due))
                {
                    any = true;
                    Begin(i, due);
                }
            }
        }
    }

    private void Begin(int i, long due)
    {
        var sent = SentBy(i);
        var request = (int)((uint)_next[i]++ % (uint)sent.Count);
        try
        {
            _connections[i] ??= HttpConnection.Open(point.Server, point.Settings, clock);
            _connections[i]!.Begin(sent[request]);
            _flights[i] = (request, due, true);
        }
        catch (Exception e) when (RequestFailure.Of(e) is { } failure)
        {
            Fail(i, due, failure);
        }
    }

    private void End(int i)
    {
        var (request, due, _) = _flights[i];
        _flights[i] = default;
        var connection = _connections[i]!;
        try
        {
            connection.End();
            var ended = clock.GetTimestamp();
            if (point.Requests.Check(connection.Response, request) is { } failure)
            {
                var counted = control.Failed(failure);
                SlotOf(i)?.Failed();
                _tally.Failure(due, counted);
            }
            else
            {
                control.Succeeded();
                SlotOf(i)?.Succeeded(request);
                _tally.Success(due, due, new Reply(ended, ended, 1, connection.Response.Length), SentBy(i)[request].Length);
            }

            if (!connection.Response.KeepAlive)
            {
                Drop(i);
            }
        }
        catch (Exception e) when (RequestFailure.Of(e) is { } failure)
        {
            Fail(i, due, failure);
        }
    }

    private void Fail(int i, long due, RequestFailure failure)
    {
        var counted = control.Failed(failure);
        SlotOf(i)?.Failed();
        _tally.Failure(due, counted);
        Drop(i);
    }

    private void Drop(int i)
    {
        _tally.Reconnected();
        _connections[i]?.Dispose();
        _connections[i] = null;
    }
}
