using System.Collections.Concurrent;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Rpc;

namespace InferenceServer.Bench.Load;

/// <summary>gRPC connections, each with as many slots as it may have requests in flight.</summary>
internal sealed class RpcDriver(LoadPoint point, LoadControl control, TimeProvider clock) : ILoadDriver
{
    private readonly Lock _lock = new();
    private readonly List<IRpcConnection> _connections = [];

    // The one that was used last is the warmest.
    private readonly ConcurrentStack<RpcWorker> _idle = [];
    private readonly ConcurrentQueue<long> _overdue = [];
    private readonly ConcurrentDictionary<Task, bool> _busy = [];
    private int _workers;

    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    public async Task OpenAsync(CancellationToken cancellation)
    {
        for (var i = 0; i < point.Load.Connections; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            await Add().AskAsync();
        }
    }

    public Task RunAsync(ArrivalSchedule? schedule) => schedule is null
        ? Task.WhenAll(_idle.Select(static worker => Task.Run(worker.LoopAsync)))
        : RunOpenAsync(schedule);

    public void Abort()
    {
        lock (_lock)
        {
            _connections.ForEach(static connection => connection.Abort());
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task RunOpenAsync(ArrivalSchedule schedule)
    {
        // Waiting for the times takes a thread; it begins each call itself, so that no other has to wake up first.
        await Task.Factory.StartNew(() => Dispatch(schedule), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (!_busy.IsEmpty)
        {
            await Task.WhenAll(_busy.Keys);
        }

        // What nobody has been free for.
        var tally = control.NewTally();
        while (_overdue.TryDequeue(out var due))
        {
            tally.Failure(due, new RequestFailure(RequestFailure.NotSent, "no connection was free before the end"));
        }
    }

    private void Dispatch(ArrivalSchedule schedule)
    {
        while (!control.GaveUp && schedule.TryTake(control.End, out var due) && PreciseWait.Until(due, control, clock))
        {
            if (_idle.TryPop(out var worker))
            {
                Start(worker, due, isStarved: false);
                continue;
            }

            _overdue.Enqueue(due);
            if (Connections < point.Load.MaxConnections)
            {
                // The first call opens it; that time is a part of the latency, as it is for any client whose connections are all busy.
                Add();
            }

            // A worker may have become idle just before the request was there to be seen.
            if (_idle.TryPop(out var free))
            {
                StartOverdue(free);
            }
        }
    }

    private void Start(RpcWorker worker, long due, bool isStarved)
    {
        var task = ServeAsync(worker, due, isStarved);
        if (!task.IsCompletedSuccessfully)
        {
            _busy.TryAdd(task, true);
            _ = task.ContinueWith(done => done.IsFaulted || _busy.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private void StartOverdue(RpcWorker worker)
    {
        if (clock.GetTimestamp() < control.LastSend && _overdue.TryDequeue(out var due))
        {
            Start(worker, due, isStarved: true);
        }
        else
        {
            _idle.Push(worker);
        }
    }

    private async Task ServeAsync(RpcWorker worker, long due, bool isStarved)
    {
        do
        {
            await worker.SendAsync(due, clock.GetTimestamp(), isStarved);
            isStarved = true;
        }
        while (clock.GetTimestamp() < control.LastSend && !control.GaveUp && _overdue.TryDequeue(out due));

        _idle.Push(worker);
        if (!_overdue.IsEmpty && _idle.TryPop(out var free))
        {
            // One came between the look at the queue and the push.
            StartOverdue(free);
        }
    }

    /// <summary>Makes one more connection.</summary>
    /// <returns>Who has its first slot.</returns>
    private RpcWorker Add()
    {
        IRpcConnection connection = point.Encoding == WireEncoding.Stream
            ? new StreamConnection(point.Server, point.Settings, point.Load.InFlight, clock)
            : new UnaryConnection(point.Server, point.Settings, clock);
        lock (_lock)
        {
            _connections.Add(connection);
        }

        var workers = new RpcWorker[point.Load.InFlight];
        for (var slot = 0; slot < workers.Length; slot++)
        {
            workers[slot] = new RpcWorker(point, connection, slot, _workers++, control, clock);
        }

        _idle.PushRange(workers);
        return workers[0];
    }
}
