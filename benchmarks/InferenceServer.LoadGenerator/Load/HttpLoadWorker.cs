using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using InferenceServer.LoadGenerator.Http;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>Drives one HTTP connection from a thread of its own.</summary>
internal sealed class HttpLoadWorker(LoadPoint point) : ILoadWorker
{
    private const int StackBytes = 256 * 1024;
    private const int ErrorTextBytes = 300;

    private HttpConnection? _connection;

    public Task OpenAsync(CancellationToken cancellation)
    {
        _connection = HttpConnection.Open(point.Server, point.Timeout);
        Exchange(_connection);
        return Task.CompletedTask;
    }

    public Task RunAsync(LoadWindow window, WorkerTally tally, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    Loop(window, tally, cancellation);
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

    private void Loop(LoadWindow window, WorkerTally tally, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && !tally.GaveUp)
        {
            var begun = Stopwatch.GetTimestamp();
            if (begun >= window.To)
            {
                return;
            }

            try
            {
                _connection ??= HttpConnection.Open(point.Server, point.Timeout);
                Exchange(_connection);
                tally.Success(begun, Stopwatch.GetTimestamp());
            }
            catch (Exception e) when (e is BadResponseException or SocketException)
            {
                tally.Failure(e.Message);
                _connection?.Dispose();
                _connection = null;
            }
        }
    }

    private void Exchange(HttpConnection connection)
    {
        connection.Exchange(point.Request);
        var response = connection.Response;
        if (response.StatusCode != 200)
        {
            var text = Encoding.UTF8.GetString(response.Body[..Math.Min(response.Body.Length, ErrorTextBytes)]);
            throw new BadResponseException($"status {response.StatusCode}: {text}");
        }

        if (point.Expected is not null && !response.Body.SequenceEqual(point.Expected))
        {
            throw new BadResponseException("an answer differs from the first one, which was checked");
        }

        if (!response.KeepAlive)
        {
            throw new BadResponseException("the server closes the connection behind its answer; the measurement needs it kept alive");
        }
    }
}
