// Long because one lock guards the queue, the lanes and who has them.
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
    private const int MaxExpecting = 24;

    // To wake a thread takes 50 µs where nothing else is known.
    private const int HopsASecond = 20_000;

    // Timers fire up to this much too late.
    private static readonly TimeSpan s_timerResolution = TimeSpan.FromMilliseconds(2);

    // For less than this no timer is set, which has a thread of its own that would be woken to set it, and to fire.
    private static readonly TimeSpan s_leastTimer = TimeSpan.FromMilliseconds(20);

    // Guards the queue and the lanes' states. Never held while a request is completed, a model runs or something is logged.
    private readonly object _gate = new();
    private readonly RequestQueue _queue;
    private readonly TimeProvider _time;
    private readonly ModelStatistics _statistics;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<object?> _onClientGone;
    private readonly ExecutionCosts _costs;
    private readonly BatchDecider _decider;
    private readonly LaneAlarm _alarm;
    private readonly CallerExecution _callers;
    private readonly LaneSet _lanes;
    private readonly OtherLanes _others;
    private ResponseOrder? _order;
    private LaneSchedulerSetup _rules;
    private long _calledAt;
    private bool _isDraining;
    private bool _isStopping;

    /// <param name="setup">What it is made of.</param>
    /// <param name="makeLanes">Makes its lanes.</param>
    /// <param name="make">Makes lanes beside them; null where there are to be none.</param>
    public LaneScheduler(LaneSchedulerSetup setup, Func<LaneScheduler, IEnumerable<InstanceRunner>> makeLanes, LaneMaker? make = null)
    {
        _queue = new RequestQueue(setup.Queue, setup.MaxQueueBytes, setup.Compatibility, setup.Time);
        _costs = new ExecutionCosts { UsualHop = setup.Time.TimestampFrequency / HopsASecond };
        _decider = new BatchDecider(_queue, _costs, setup.Time.TimestampFrequency) { Limits = setup.Limits, EnoughRows = setup.EnoughRows };
        _alarm = new LaneAlarm(_gate);
        _callers = new CallerExecution(_costs) { LimitTicks = setup.Time.ToTicks(setup.MaxCallerExecution) };
        _order = setup.PreservesOrdering ? new ResponseOrder() : null;
        _rules = setup;
        _time = setup.Time;
        _statistics = setup.Statistics;
        _lanes = new LaneSet();
        _others = new OtherLanes(_gate, _lanes, make, OnLanesChanged, _costs, setup.Time);
        _others.Change([.. makeLanes(this)], [], setup);
        Array.ForEach(_lanes.Configured, HearFromLimiter);
        _onClientGone = state => Abandon((PendingInference)state!);
    }

    public IReadOnlyList<InstanceRunner> Lanes
    {
        get
        {
            lock (_gate)
            {
                return _lanes.Configured;
            }
        }
    }

    /// <summary>How many lanes run what waits; null while another number is being tried.</summary>
    public int? SettledLanes
    {
        get
        {
            lock (_gate)
            {
                return _lanes.Growth is { IsTrying: true } ? null : _lanes.Active.Length;
            }
        }
    }

    public SchedulerLoad ReadLoad()
    {
        lock (_gate)
        {
            return SchedulerLoad.Of(_queue, _lanes, _time.GetTimestamp());
        }
    }

    public void Expect()
    {
        lock (_gate)
        {
            if (!_isStopping && InstanceRunner.Threads < MaxExpecting && Array.TrueForAll(_lanes.Active, static lane => !lane.HasThread))
            {
                _alarm.TryWake(_lanes.Active);
            }
        }
    }

    public InferenceError? TryEnqueue(PendingInference pending)
    {
        // Watched before it is queued: the registration must be in place before a lane can complete the request.
        pending.WatchClient(_onClientGone, pending, _time);
        var refusal = TryQueue(pending, CallerExecution.MayRun(pending), out var loan);
        if (refusal is not null)
        {
            pending.UnwatchClient();
        }
        else if (loan is { } own)
        {
            RunLent(own);
        }

        return refusal;
    }

    /// <summary>As <see cref="TryEnqueue"/>, when the caller watches the client and calls <see cref="Abandon"/>.</summary>
    public InferenceError? TryQueue(PendingInference pending) => TryQueue(pending, mayLend: false, out _);

    /// <param name="pending">The request.</param>
    /// <param name="mayLend">True when the caller could run it.</param>
    /// <param name="loan">What he is to run; null when it waits for a lane's thread.</param>
    private InferenceError? TryQueue(PendingInference pending, bool mayLend, out LaneLoan? loan)
    {
        loan = null;
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var lane = mayLend && !_isDraining && _order is null && pending.DeadlineTimestamp > now && _callers.Pays(pending.Rows, pending.Bytes) ? FindForCaller(pending) : null;
            var refusal = pending.IsAbandoned ? pending.DescribeEnd(now)
                : _isStopping ? pending.RefuseStopping()
                : _queue.TryAdd(pending, now) ? null
                : InferenceErrors.QueueFull(pending.Request);
            if (refusal is not null)
            {
                return refusal;
            }

            refusal = (lane is { IsSide: true } ? null : LaneAdmission.Check(pending, _queue, _costs, _lanes.Active, _rules, _decider.MaxRows, _time)) ?? (lane is not null || TryWakeForArrival(now) ? null : InferenceErrors.NoThread(pending.Request));
            if (refusal is null)
            {
                _decider.OnArrival(pending.EnqueuedTimestamp);
                _order?.Enter(pending);
                pending.Request.Trace?.Record(TraceActivity.QueueStart, pending.EnqueuedTimestamp);
                loan = lane is null ? null : TakeOver(lane, now);
                if (loan is { } own)
                {
                    _alarm.Lend(own.Lane);
                    return null;
                }

                if (lane is null)
                {
                    return null;
                }

                // It is to wait for company, which is for a lane's thread to do.
                refusal = TryWakeForArrival(now) ? null : InferenceErrors.NoThread(pending.Request);
            }

            if (refusal is not null)
            {
                _queue.TryRemove(pending);
            }

            return refusal;
        }
    }

    public void Retune(LaneSchedulerSetup rules, IReadOnlyCollection<InstanceRunner> added, IReadOnlyCollection<InstanceRunner> retired)
    {
        InstanceRunner[] idle;
        lock (_gate)
        {
            _rules = rules;
            _callers.LimitTicks = _time.ToTicks(rules.MaxCallerExecution);
            _queue.Retune(rules.Queue);
            _decider.Limits = rules.Limits;
            _order = rules.PreservesOrdering ? _order ?? new ResponseOrder() : null;
            idle = _others.Change(added, retired, rules);
            _decider.Gathers = false;
            Array.ForEach(_lanes.Configured, HearFromLimiter);

            // Lanes that wait look at the rules of now, or end; a queue that had to wait for a lane finds the new ones.
            _alarm.WakeAll();
            if (_queue.Count > 0)
            {
                _alarm.TryWake(_lanes.Active);
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
            _others.IsOver = true;
            _alarm.WakeAll();
        }
    }

    public async Task StopAsync()
    {
        lock (_gate)
        {
            _isDraining = true;
            _others.IsOver = true;
            _isStopping = true;
            _alarm.WakeAll();
            CompleteStopIfIdle();
        }

        await _stopped.Task.ConfigureAwait(false);
        foreach (var lane in _lanes.All)
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
                if (lane.IsLent)
                {
                    if (_queue.Count > 0)
                    {
                        _alarm.TryWake(_lanes.Active);
                    }

                    // What is waited for from now on is the caller.
                    _calledAt = 0;
                    _alarm.WaitForReturn(lane);
                }

                // Whoever was about to be woken by a request has to pass that on.
                if (lane.IsRetired && (_queue.Count == 0 || _alarm.TryWake(_lanes.Active)))
                {
                    lane.HasThread = false;
                    return LaneTurn.Leave;
                }

                var now = _time.GetTimestamp();
                _callers.OnEnd(lane.Progress, isLent: false, now);
                OnEnd(lane, now);
                lane.ReturnClaim();
                if (lane.IsParked && (_queue.Count == 0 || _alarm.TryWake(_lanes.Active)))
                {
                    lane.HasThread = false;
                    CompleteStopIfIdle();
                    return LaneTurn.Rest;
                }

                _queue.RemoveExpired(now, expired);
                if (expired.Count > 0)
                {
                    return LaneTurn.Work;
                }

                var decision = _decider.Decide(_isDraining, now);
                if (decision.Requests > 0 && lane.Claim?.TryTake() == false)
                {
                    lane.Progress.BeginClaim(now);
                    WaitForLimiter(lane, now);
                    continue;
                }

                if (decision.Requests > 0)
                {
                    batch = TakeBatch(lane, decision, now);
                    reason = decision.Reason;
                    lane.IdleSince = long.MaxValue;
                    if (_calledAt != 0)
                    {
                        _costs.RecordHop(now - _calledAt);
                        _calledAt = 0;
                    }

                    if (_queue.Count > 0)
                    {
                        _alarm.TryWake(_lanes.Active);
                    }

                    return LaneTurn.Work;
                }

                // What is waited for from now on is not a thread.
                _calledAt = 0;
                lane.GiveUpClaim();
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
            _lanes.EndRetirement();
            CompleteStopIfIdle();
        }
    }

    /// <summary>Called by a timer of a lane: makes waiting lanes look at the queue and the clock again.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _alarm.WakeAll();
        }
    }

    /// <summary>Called by the idle timer of a lane, which may fire a little before the clock says so.</summary>
    public void WakeIdle(InstanceRunner lane)
    {
        lock (_gate)
        {
            lane.IdleTimerHasFired();
            _alarm.WakeAll();
        }
    }

    /// <summary>An execution has ended: what it cost is told, and what follows from that for the number of lanes.</summary>
    private void OnEnd(InstanceRunner lane, long now)
    {
        var (rows, requests) = (lane.Progress.EndedRows, lane.Progress.RunningRequests);
        _decider.OnEnd(lane, now);
        if (rows > 0 && !_isDraining)
        {
            _others.OnEnd(this, rows, Math.Max(0, requests - 1) + _lanes.Busy(_queue.Count), _decider, now);
        }
    }

    /// <summary>There are other lanes than there were, or other lanes run.</summary>
    private void OnLanesChanged()
    {
        _alarm.WakeAll();
        if (_queue.Count > 0)
        {
            _alarm.TryWake(_lanes.Active);
        }

        CompleteStopIfIdle();
    }

    private PendingInference[] TakeBatch(InstanceRunner lane, BatchDecision decision, long now)
    {
        var batch = _queue.Take(Math.Min(decision.Requests, _lanes.Share(_queue.Count)), now);
        _decider.OnTake(lane, decision.Reason, now);
        lane.UsesOneThread = _lanes.UsesOneThread(_queue.Count);
        lane.Progress.BeginRun(batch, now, _decider.FollowsTarget);
        return batch;
    }

    private bool TryWakeForArrival(long now)
    {
        // Thirty clients who are waited for would wake a thread thirty times to go on waiting.
        if (_queue.Count > 1 && _alarm.IsCompanyAwaited && !_decider.FollowsTarget && _decider.Decide(_isDraining, now) is { Requests: 0 } decision && decision.WaitUntil >= _alarm.CompanyUntil)
        {
            return true;
        }

        _calledAt = _queue.Count == 1 && _alarm.IsSomebodyWaiting ? now : 0;
        return _alarm.TryWake(_lanes.Active);
    }

    /// <summary>Runs a caller's request on his thread, and a few of those that have come meanwhile: they would wait for a thread to be woken.</summary>
    private void RunLent(LaneLoan own)
    {
        var until = TimeProviderTicks.Add(_time.GetTimestamp(), _callers.LimitTicks);
        LaneLoan? loan = own;
        for (var left = CallerExecution.MaxBatches - 1; loan is { } now; left--)
        {
            try
            {
                now.Lane.RunLent(now.Batch, now.Reason);
            }
            catch
            {
                // Nothing gets here but what nobody has thought of; the lane must not go with it.
                Return(now.Lane, left: 0, until);
                throw;
            }

            loan = Return(now.Lane, left, until);
        }
    }

    /// <summary>The caller's batch has ended.</summary>
    /// <returns>What he runs next; null when he has given the lane back.</returns>
    private LaneLoan? Return(InstanceRunner lane, int left, long until)
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            _callers.OnEnd(lane.Progress, isLent: true, now);
            OnEnd(lane, now);
            if (left > 0 && now < until && lane is { IsRetired: false, IsParked: false, IsSide: false } && !_isDraining && TryTakeSmall(lane, now) is { } small)
            {
                return small;
            }

            _alarm.TakeBack(lane);
            if (_queue.Count > 0 && !_alarm.TryWake(_lanes.Active) && _decider.Decide(isDraining: true, now) is { Requests: > 0 } any)
            {
                // The system gives no thread: whoever is there runs it, however long it takes.
                _alarm.Lend(lane);
                return new LaneLoan(lane, TakeBatch(lane, any, now), any.Reason);
            }

            CompleteStopIfIdle();
            if (!lane.IsRetired || lane.HasThread)
            {
                return null;
            }
        }

        // An engine may take its time for it.
        ThreadPool.UnsafeQueueUserWorkItem(
            static end =>
            {
                end.Lane.Retire();
                end.Scheduler.EndRetirement();
            },
            (Scheduler: this, Lane: lane),
            preferLocal: false);
        return null;
    }

    /// <summary>What waits, if it may run now and a caller may run it.</summary>
    private LaneLoan? TryTakeSmall(InstanceRunner lane, long now)
    {
        if (_queue.Count == 0 || _queue.NextExpiry <= now)
        {
            return null;
        }

        var decision = _decider.Decide(_isDraining, now);
        if (decision.Requests == 0)
        {
            return null;
        }

        var (rows, bytes) = _queue.MeasureHead(decision.Requests);
        if (!_callers.Pays(rows, bytes))
        {
            return null;
        }

        // What warmed the lane up has not been reported if it never had a thread.
        _decider.OnEnd(lane, now);
        return new LaneLoan(lane, TakeBatch(lane, decision, now), decision.Reason);
    }

    /// <summary>A lane by which a caller could run his request; where others wait, only one whose thread has not come yet to run them.</summary>
    private InstanceRunner? FindForCaller(PendingInference pending) =>
        CallerExecution.FindLane(_lanes.Active) ?? (_queue.Count == 0 && _callers.IsTrifle(pending.Rows) ? _others.FindSide(this) : null);

    /// <summary>As <see cref="TryTakeSmall"/>, when a thread may have been called for what waits. Whoever comes before it need not wait for it.</summary>
    private LaneLoan? TakeOver(InstanceRunner lane, long now)
    {
        var called = _calledAt;
        var loan = TryTakeSmall(lane, now);
        if (loan is not null && called != 0 && now - called > _costs.Hop)
        {
            // It takes as long as this at least.
            _costs.RecordHop(now - called);
            _calledAt = 0;
        }

        return loan;
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
            if (left < s_leastTimer)
            {
                _alarm.WaitForCompany(lane, until, left);
                return true;
            }

            lane.ArmDelayTimer(until, now);
            _alarm.WaitForCompany(lane, until, left: null);
            return true;
        }

        _alarm.Wait(lane);
        return true;
    }

    private void HearFromLimiter(InstanceRunner lane)
    {
        if (lane.Claim is { } claim)
        {
            claim.Wake = Wake;
        }
    }

    /// <summary>The lane waits for what an execution needs: until it has it, or has nothing to run any more. What waits meanwhile does not outstay its time.</summary>
    private void WaitForLimiter(InstanceRunner lane, long now)
    {
        if (_queue.NextExpiry != long.MaxValue)
        {
            lane.ArmDelayTimer(TimeProviderTicks.Add(_queue.NextExpiry, _time.ToTicks(s_timerResolution)), now);
        }

        _alarm.WaitForClaim(lane);
    }

    private void CompleteStopIfIdle()
    {
        if (_isStopping && _queue.Count == 0 && _lanes.IsIdle)
        {
            _stopped.TrySetResult();
        }
    }

    /// <summary>The client of a request has gone. One that waits ends now; one that runs is cancelled when nobody else waits for its execution.</summary>
    public void Abandon(PendingInference pending)
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
