using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Load;

/// <summary>HTTP connections, each with a thread that sends and receives by blocking calls, or several of them with one.</summary>
internal sealed class HttpDriver(LoadPoint point, LoadControl control, TimeProvider clock) : ILoadDriver
{
    private readonly Lock _lock = new();
    private readonly List<IHttpWorker> _workers = [];
    private readonly List<Task> _running = [];
    private IPace? _pace;
    private bool _isStarting;

    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _workers.Sum(static worker => worker.Connections);
            }
        }
    }

    public Task OpenAsync(CancellationToken cancellation) => Task.Run(
        () =>
        {
            var threads = point.Load is { Threads: > 0, Rate: null } ? Math.Min(point.Load.Threads, point.Load.Connections) : point.Load.Connections;
            for (var i = 0; i < threads; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var first = (int)((long)point.Load.Connections * i / threads);
                var count = (int)((long)point.Load.Connections * (i + 1) / threads) - first;
                IHttpWorker worker = count > 1 ? new HttpTurnWorker(point, first, count, control, clock) : new HttpWorker(point, first, control, clock);
                _workers.Add(worker);
                worker.Open(cancellation);
            }
        },
        cancellation);

    public async Task RunAsync(ArrivalSchedule? schedule)
    {
        _pace = schedule is null ? new ClosedPace(control, clock) : new OpenPace(schedule, control, clock, AddWorker);
        lock (_lock)
        {
            _running.AddRange(_workers.Select(worker => worker.RunAsync(_pace)));
        }

        for (var known = 0; known < Running().Count;)
        {
            var running = Running();
            known = running.Count;
            await Task.WhenAll(running);
        }
    }

    public void Abort()
    {
        lock (_lock)
        {
            _workers.ForEach(static worker => worker.Dispose());
        }
    }

    public ValueTask DisposeAsync()
    {
        Abort();
        return ValueTask.CompletedTask;
    }

    private List<Task> Running()
    {
        lock (_lock)
        {
            return [.. _running];
        }
    }

    /// <summary>One more connection, as all are busy. It is opened by itself, so that no request waits for its handshake.</summary>
    private void AddWorker()
    {
        lock (_lock)
        {
            if (_isStarting || _workers.Count >= point.Load.MaxConnections)
            {
                return;
            }

            _isStarting = true;
            var worker = new HttpWorker(point, _workers.Count, control, clock);
            _workers.Add(worker);
            _running.Add(Task.Run(() => StartAsync(worker)));
        }
    }

    private Task StartAsync(HttpWorker worker)
    {
        try
        {
            worker.Connect();
        }
        catch (Exception e) when (RequestFailure.Of(e) is not null)
        {
            // Its loop tries again, and what fails there is counted.
        }

        lock (_lock)
        {
            _isStarting = false;
        }

        return worker.RunAsync(_pace!);
    }
}
