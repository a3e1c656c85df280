using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.Rpc;

namespace InferenceServer.Bench.Load;

/// <summary>Drives one HTTP connection from a thread of its own.</summary>
internal sealed class HttpWorker(LoadPoint point, int index, LoadControl control, TimeProvider clock) : IDisposable
{
    private const int StackBytes = 256 * 1024;

    private readonly WorkerTally _tally = control.NewTally();
    private HttpConnection? _connection;
    private int _next = index;

    /// <summary>Opens the connection. Blocks.</summary>
    public void Connect() => _connection = HttpConnection.Open(point.Server, point.Settings, clock);

    /// <summary>Has one answer checked. Blocks.</summary>
    public void Ask()
    {
        if (Exchange(_connection!, 0) is { } failure)
        {
            throw new RequestFailedException(failure);
        }
    }

    /// <summary>Sends in a thread of its own whatever is due.</summary>
    public Task RunAsync(IPace pace)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    Loop(pace);
                    done.SetResult();
                }
                catch (Exception e)
                {
                    // Anything unforeseen ends the run with its own message instead of the process.
                    done.SetException(e);
                }
            },
            StackBytes)
        {
            IsBackground = true,
            Name = "http load",
        };
        thread.Start();
        return done.Task;
    }

    public void Dispose() => _connection?.Dispose();

    private void Loop(IPace pace)
    {
        for (var free = clock.GetTimestamp(); pace.TryNext(out var due); free = clock.GetTimestamp())
        {
            var sent = pace is ClosedPace ? due : clock.GetTimestamp();
            var request = (int)((uint)_next++ % (uint)point.Requests.Sent.Count);
            try
            {
                _connection ??= HttpConnection.Open(point.Server, point.Settings, clock);
                var failure = Exchange(_connection, request);
                var ended = clock.GetTimestamp();
                Count(due, failure, sent, new Reply(ended, ended, 1, _connection.Response.Length), point.Requests.Sent[request].Length, due < free);
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
            control.Failed();
            _tally.Failure(due, failure);
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
        connection.Exchange(point.Requests.Sent[request]);
        var response = connection.Response;
        if (response.StatusCode != 200)
        {
            return RequestFailure.OfStatus(response.StatusCode, response.Body);
        }

        return point.Requests.ExpectedOf(request) is { } expected && !response.Body.SequenceEqual(expected) ? RequestFailedException.Differs().Failure : null;
    }
}
