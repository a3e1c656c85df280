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
    private readonly ExecutionCosts _costs = new();
    private ResponseOrder? _order;
    private LaneSchedulerSetup _rules;
    private InstanceRunner[] _lanes;
    private int _retiringLanes;
    private int _waitingLanes;
    private bool _isDraining;
    private bool _isStopping;

    public LaneScheduler(LaneSchedulerSetup setup, Func<LaneScheduler, IEnumerable<InstanceRunner>> makeLanes)
    {
        _queue = new RequestQueue(setup.Queue, setup.MaxQueueBytes, setup.Compatibility, setup.Time);
        _order = setup.PreservesOrdering ? new ResponseOrder() : null;
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
        InferenceError? refusal = null;
        pending.WatchClient(_onClientGone, pending, _time);
        lock (_gate)
        {
            if (pending.IsAbandoned)
            {
                refusal = InferenceErrors.Cancelled(pending.Request);
            }
            else if (_isStopping)
            {
                refusal = InferenceErrors.Stopping(pending.Request);
            }
            else if (!_queue.TryAdd(pending, _time.GetTimestamp()))
            {
                refusal = InferenceErrors.QueueFull(pending.Request);
            }
            else
            {
                refusal = Admit(pending) ?? (TryWakeLane() ? null : InferenceErrors.NoThread(pending.Request));
                if (refusal is null)
                {
                    _order?.Enter(pending);
                    pending.Request.Trace?.Record(TraceActivity.QueueStart, pending.EnqueuedTimestamp);
                    return null;
                }

                _queue.TryRemove(pending);
            }
        }

        pending.UnwatchClient();
        return pending.IsAbandoned ? InferenceErrors.Cancelled(pending.Request) : refusal;
    }

    public void Retune(LaneSchedulerSetup rules, IReadOnlyCollection<InstanceRunner> added, IReadOnlyCollection<InstanceRunner> retired)
    {
        InstanceRunner[] idle;
        lock (_gate)
        {
            _rules = rules;
            _queue.Retune(rules.Queue);
            _order = rules.PreservesOrdering ? _order ?? new ResponseOrder() : null;
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
                lane.ReportTo(_costs);
                _queue.RemoveExpired(now, expired);
                if (expired.Count > 0)
                {
                    return LaneTurn.Work;
                }

                var decision = BatchPolicy.Decide(_queue.Peek(_rules.Limits.MaxRows, _isDraining, (long)_costs.Most(_rules.Limits.MaxRows), now), _rules.Limits, now);
                if (decision.Requests > 0)
                {
                    batch = _queue.Take(decision.Requests, now);
                    reason = decision.Reason;
                    lane.IdleSince = long.MaxValue;
                    lane.BeginRun(batch, now);
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

    /// <summary>Why a request that has just been queued is better refused at once: it would be too late when its turn comes. Null when it is not.</summary>
    private InferenceError? Admit(PendingInference pending)
    {
        var timeout = _rules.Queue.Levels[pending.Level].DelaysExpired ? long.MaxValue : pending.QueueTimeoutTimestamp;
        if ((pending.DeadlineTimestamp == long.MaxValue && timeout == long.MaxValue) || _costs.IsEmpty || Array.Exists(_lanes, static lane => !lane.IsRunning))
        {
            // Whoever finds a lane idle is always tried: that is also how costs that were too high once are learnt anew.
            return null;
        }

        var now = pending.EnqueuedTimestamp;
        var view = new AdmissionView
        {
            RowsAhead = _queue.RowsAhead(pending.Priority) - pending.Rows,
            MaxRows = _rules.Limits.MaxRows,
            Lanes = _lanes.Length,
            FirstFreeTicks = _lanes.Min(lane => lane.TicksLeft(_costs, now)),
        };
        var forecast = AdmissionForecast.Of(view, _costs, pending.Rows);
        var wait = _time.GetElapsedTime(0, forecast.WaitTicks);
        if (forecast.EndTicks > pending.DeadlineTimestamp - now)
        {
            pending.IsTooLate = true;
            return InferenceErrors.DeadlineTooSoon(pending.Request, wait, _time.GetElapsedTime(0, forecast.EndTicks), _time.GetElapsedTime(now, pending.DeadlineTimestamp));
        }

        if (forecast.WaitTicks > timeout - now)
        {
            pending.IsTooLate = true;
            return InferenceErrors.TimeoutTooSoon(pending.Request, wait, _time.GetElapsedTime(now, timeout)) with { IsCallersLimit = pending.HasOwnTimeout };
        }

        return null;
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
            if (pending.IsAbandoned)
            {
                return;
            }

            pending.IsAbandoned = true;
            wasQueued = _queue.TryRemove(pending);
        }

        if (wasQueued)
        {
            _statistics.RecordFailure(FailureReason.Cancelled, _time.GetElapsedTime(pending.EnqueuedTimestamp));
            pending.Fail(pending.DescribeEnd(_time.GetTimestamp()));
        }
        else
        {
            pending.Membership?.Leave();
            pending.Order?.Abandon(pending);
        }
    }
}
