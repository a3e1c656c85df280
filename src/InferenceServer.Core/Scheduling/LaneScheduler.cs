using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// The scheduler of models whose requests are independent of one another: one queue, and lanes that help themselves. There is no
/// batcher thread: an idle lane forms its own batch as late as possible, and a lane has a thread only while there is work for it.
/// </summary>
internal sealed class LaneScheduler : IModelScheduler
{
    /// <summary>From as many threads of lanes on in the process, none is made before there is work for it: a repository may have thousands of models.</summary>
    private const int MaxExpecting = 64;

    // What is left of a delay below this is napped away: timers fire up to this much too late.
    private static readonly TimeSpan s_timerResolution = TimeSpan.FromMilliseconds(2);

    // Guards the queue and the lanes' states. Never held while a request is completed, a model runs or something is logged.
    private readonly object _gate = new();
    private readonly RequestQueue _queue;
    private readonly TimeProvider _time;
    private readonly ModelStatistics _statistics;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<object?> _onClientGone;
    private LaneSchedulerSetup _rules;
    private InstanceRunner[] _lanes;
    private int _retiringLanes;
    private int _waitingLanes;
    private bool _isDraining;
    private bool _isStopping;

    public LaneScheduler(LaneSchedulerSetup setup, Func<LaneScheduler, IEnumerable<InstanceRunner>> makeLanes)
    {
        _queue = new RequestQueue(setup.MaxQueueBytes) { MaxRequests = setup.MaxQueueSize };
        _rules = setup;
        _time = setup.Time;
        _statistics = setup.Statistics;
        _lanes = [.. makeLanes(this)];
        _onClientGone = state => OnClientGone((PendingInference)state!);
    }

    public IReadOnlyList<InstanceRunner> Lanes
    {
        get
        {
            lock (_gate)
            {
                return _lanes;
            }
        }
    }

    public int QueuedRequests
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count;
            }
        }
    }

    public void Expect()
    {
        lock (_gate)
        {
            if (!_isStopping && InstanceRunner.Threads < MaxExpecting && Array.TrueForAll(_lanes, static lane => !lane.HasThread))
            {
                TryWakeLane();
            }
        }
    }

    public InferenceError? TryEnqueue(PendingInference pending)
    {
        // Watched before it is queued: the registration must be in place before a lane can complete the request.
        var hasNoThread = false;
        pending.WatchCancellation(_onClientGone, pending);
        lock (_gate)
        {
            if (!_isStopping && !pending.IsAbandoned)
            {
                // One that comes by the response cache has come earlier.
                pending.EnqueuedTimestamp = pending.EnqueuedTimestamp == 0 ? _time.GetTimestamp() : pending.EnqueuedTimestamp;
                pending.QueueTimeoutTimestamp = TimeoutOf(pending);
                if (_queue.TryAdd(pending))
                {
                    if (TryWakeLane())
                    {
                        pending.Request.Trace?.Record(TraceActivity.QueueStart, pending.EnqueuedTimestamp);
                        return null;
                    }

                    _queue.TryRemove(pending);
                    hasNoThread = true;
                }
            }
        }

        pending.UnwatchCancellation();
        return pending.IsAbandoned ? InferenceErrors.Cancelled(pending.Request)
            : hasNoThread ? InferenceErrors.NoThread(pending.Request)
            : _isStopping ? InferenceErrors.Stopping(pending.Request)
            : InferenceErrors.QueueFull(pending.Request);
    }

    public void Retune(LaneSchedulerSetup rules, IReadOnlyCollection<InstanceRunner> added, IReadOnlyCollection<InstanceRunner> retired)
    {
        InstanceRunner[] idle;
        lock (_gate)
        {
            _rules = rules;
            _queue.MaxRequests = rules.MaxQueueSize;
            _queue.Retime(TimeoutOf);
            _lanes = [.. _lanes.Except(retired), .. added];
            foreach (var lane in retired)
            {
                lane.IsRetired = true;
            }

            idle = [.. retired.Where(static lane => !lane.HasThread)];
            _retiringLanes += retired.Count - idle.Length;

            // Lanes that wait look at the rules of now, or end; a queue that had to wait for a lane finds the new ones.
            Monitor.PulseAll(_gate);
            if (_queue.Count > 0)
            {
                TryWakeLane();
            }
        }

        foreach (var lane in idle)
        {
            lane.Retire();
        }
    }

    public void BeginDrain()
    {
        lock (_gate)
        {
            _isDraining = true;
            Monitor.PulseAll(_gate);
        }
    }

    public async Task StopAsync()
    {
        lock (_gate)
        {
            _isDraining = true;
            _isStopping = true;
            Monitor.PulseAll(_gate);
            CompleteStopIfIdle();
        }

        await _stopped.Task.ConfigureAwait(false);
        foreach (var lane in _lanes)
        {
            lane.Dispose();
        }
    }

    /// <summary>
    /// Called by a lane's thread: blocks until there is a batch to run. Requests that are not to be run any more are put into
    /// <paramref name="expired"/>; the lane answers them before it asks again.
    /// </summary>
    public LaneTurn Take(InstanceRunner lane, List<PendingInference> expired, out PendingInference[]? batch, out ReleaseReason reason)
    {
        batch = null;
        reason = default;
        lock (_gate)
        {
            while (true)
            {
                // Whoever was about to be woken by a request has to pass that on.
                if (lane.IsRetired && (_queue.Count == 0 || TryWakeLane()))
                {
                    lane.HasThread = false;
                    return LaneTurn.Leave;
                }

                var now = _time.GetTimestamp();
                _queue.RemoveExpired(now, expired);
                if (expired.Count > 0)
                {
                    return LaneTurn.Work;
                }

                var decision = BatchPolicy.Decide(_queue.Peek(_rules.Limits.MaxRows, _isDraining), _rules.Limits, now);
                if (decision.Requests > 0)
                {
                    batch = _queue.Take(decision.Requests);
                    reason = decision.Reason;
                    lane.IdleSince = long.MaxValue;
                    if (_queue.Count > 0)
                    {
                        TryWakeLane();
                    }

                    return LaneTurn.Work;
                }

                if (!WaitForWork(lane, decision.WaitUntil, now))
                {
                    lane.HasThread = false;
                    CompleteStopIfIdle();
                    return LaneTurn.Rest;
                }
            }
        }
    }

    /// <summary>Called by the thread of a lane that was retired, when it has freed it.</summary>
    public void EndRetirement()
    {
        lock (_gate)
        {
            _retiringLanes--;
            CompleteStopIfIdle();
        }
    }

    /// <summary>Called by a timer of a lane: makes waiting lanes look at the queue and the clock again.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Called by the idle timer of a lane, which may fire a little before the clock says so.</summary>
    public void WakeIdle(InstanceRunner lane)
    {
        lock (_gate)
        {
            lane.IdleTimerHasFired();
            Monitor.PulseAll(_gate);
        }
    }

    private bool WaitForWork(InstanceRunner lane, long until, long now)
    {
        if (_queue.Count == 0)
        {
            if (_isStopping)
            {
                return false;
            }

            if (lane.IdleSince == long.MaxValue)
            {
                lane.IdleSince = now;
            }

            if (!lane.ArmIdleTimer(now))
            {
                return false;
            }
        }
        else
        {
            var left = _time.GetElapsedTime(now, until);
            if (left < s_timerResolution)
            {
                // Too short for a timer: the lane steps out of the lock, naps and looks again.
                Monitor.Exit(_gate);
                try
                {
                    ShortNap.Take(left);
                }
                finally
                {
                    Monitor.Enter(_gate);
                }

                return true;
            }

            lane.ArmDelayTimer(until, now);
        }

        _waitingLanes++;
        Monitor.Wait(_gate);
        _waitingLanes--;
        return true;
    }

    /// <summary>When a request is given up: after the model's timeout, or the request's own where that is allowed and shorter; it can never be longer.</summary>
    private long TimeoutOf(PendingInference pending)
    {
        pending.HasOwnTimeout = _rules.AllowTimeoutOverride && pending.RequestedTimeout > TimeSpan.Zero && pending.RequestedTimeout < _rules.DefaultTimeout;
        var timeout = pending.HasOwnTimeout ? pending.RequestedTimeout : _rules.DefaultTimeout;
        return timeout > TimeSpan.Zero ? TimeProviderTicks.Add(pending.EnqueuedTimestamp, _time.ToTicks(timeout)) : long.MaxValue;
    }

    /// <summary>Sees to it that a lane looks at the queue; false when no lane has a thread and the system gives none.</summary>
    private bool TryWakeLane()
    {
        if (_waitingLanes > 0)
        {
            Monitor.Pulse(_gate);
            return true;
        }

        var idle = Array.Find(_lanes, static lane => !lane.HasThread);
        if (idle is null)
        {
            return true;
        }

        try
        {
            // The thread's first step takes the lock that is held here.
            idle.StartThread();
            idle.HasThread = true;
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            return Array.Exists(_lanes, static lane => lane.HasThread);
        }
    }

    private void CompleteStopIfIdle()
    {
        if (_isStopping && _queue.Count == 0 && _retiringLanes == 0 && Array.TrueForAll(_lanes, static lane => !lane.HasThread))
        {
            _stopped.TrySetResult();
        }
    }

    private void OnClientGone(PendingInference pending)
    {
        bool wasQueued;
        lock (_gate)
        {
            pending.IsAbandoned = true;
            wasQueued = _queue.TryRemove(pending);
        }

        if (wasQueued)
        {
            var error = pending.DeadlineTimestamp <= _time.GetTimestamp() ? InferenceErrors.DeadlineExceeded(pending.Request) : InferenceErrors.Cancelled(pending.Request);
            _statistics.RecordFailure(FailureReason.Cancelled, _time.GetElapsedTime(pending.EnqueuedTimestamp));
            pending.Fail(error);
        }
        else
        {
            pending.Membership?.Leave();
        }
    }
}
