using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.Rpc;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.Bench.Load;

/// <summary>Drives one HTTP connection from a thread of its own.</summary>
internal sealed class HttpWorker(LoadPoint point, int index, LoadControl control, TimeProvider clock) : IHttpWorker
{
    private readonly WorkerTally _tally = control.NewTally();
    private readonly IReadOnlyList<byte[]> _sent = point.Requests.SentBy(index);
    private readonly SharedSlot? _slot = point.Requests.Slots?[index];
    private HttpConnection? _connection;
    private int _next = index;

    public int Connections => 1;

    public void Open(CancellationToken cancellation)
    {
        Connect();
        if (Exchange(_connection!, 0) is { } failure)
        {
            throw new RequestFailedException(failure);
        }
    }

    /// <summary>Opens the connection. Blocks.</summary>
    public void Connect() => _connection = HttpConnection.Open(point.Server, point.Settings, clock);

    public Task RunAsync(IPace pace) => LoadThread.RunAsync(() => Loop(pace));

    public void Dispose() => _connection?.Dispose();

    private void Loop(IPace pace)
    {
        for (var free = clock.GetTimestamp(); pace.TryNext(out var due); free = clock.GetTimestamp())
        {
            var sent = pace is ClosedPace ? due : clock.GetTimestamp();
            var request = (int)((uint)_next++ % (uint)_sent.Count);
            try
            {
                _connection ??= HttpConnection.Open(point.Server, point.Settings, clock);
                var failure = Exchange(_connection, request);
                var ended = clock.GetTimestamp();
                Count(due, failure, sent, new Reply(ended, ended, 1, _connection.Response.Length), _sent[request].Length, due < free);
                if (!_connection.Response.KeepAlive)
                {
                    Drop();
                }
            }
            catch (Exception e) when (RequestFailure.Of(e) is { } failure)
            {
                Count(due, failure, sent, default, 0, due < free);
                Drop();
            }
        }
    }

    private void Count(long due, RequestFailure? failure, long sent, Reply reply, int requestBytes, bool isStarved)
    {
        if (failure is null)
        {
            control.Succeeded();
            _tally.Success(due, sent, reply, requestBytes, isStarved);
        }
        else
        {
            var counted = control.Failed(failure);
            _slot?.Failed();
            _tally.Failure(due, counted);
        }
    }

    private void Drop()
    {
        _tally.Reconnected();
        _connection?.Dispose();
        _connection = null;
    }

    private RequestFailure? Exchange(HttpConnection connection, int request)
    {
        connection.Exchange(_sent[request]);
        var failure = point.Requests.Check(connection.Response, request);
        if (failure is null)
        {
            _slot?.Succeeded(request);
        }

        return failure;
    }
}
