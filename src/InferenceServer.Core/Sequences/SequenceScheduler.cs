using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Sequences;

/// <summary>
/// The scheduler of models whose requests belong together: each sequence has one lane, and one request with it at a time, so that the answer to a request can
/// depend on those before it. Every lane is scheduled by itself, by the same rules as one whose requests are independent.
/// </summary>
internal sealed class SequenceScheduler : IModelScheduler, IPendingObserver
{
    // Guards the table. Never held while a lane is called, a request is completed or memory is freed.
    private readonly object _gate = new();
    private readonly SequenceTable _table;
    private readonly LaneScheduler[] _lanes;
    private readonly InstanceRunner[] _runners;
    private readonly TimeProvider _time;
    private readonly ModelStatistics _statistics;
    private readonly ITimer _timer;
    private readonly Action<object?> _onClientGone;
    private readonly Action<PendingInference>? _continue;
    private readonly bool _waitsForShare;
    private long _timerDue = long.MaxValue;
    private ulong _lastId;
    private bool _isStopping;

    /// <param name="setup">The rules.</param>
    /// <param name="lanes">How many lanes there are.</param>
    /// <param name="makeLane">Makes the lane of a number for the scheduler that it is to belong to.</param>
    public SequenceScheduler(SequenceSchedulerSetup setup, int lanes, Func<int, LaneScheduler, InstanceRunner> makeLane)
    {
        _time = setup.Time;
        _statistics = setup.Statistics;
        _table = new SequenceTable(setup.Limits, lanes, setup.Initial, setup.Time);
        _waitsForShare = setup.MinimumSlotUtilization > 0;
        _lanes = [.. Enumerable.Range(0, lanes).Select(lane => new LaneScheduler(setup.Lane with { EnoughRows = EnoughRows(setup, lane) }, owner => [makeLane(lane, owner)]))];
        _runners = [.. _lanes.SelectMany(static lane => lane.Lanes)];
        _onClientGone = state => OnClientGone((PendingInference)state!);
        _continue = setup.IsIterative ? GoOn : null;
        _timer = setup.Time.CreateTimer(static state => ((SequenceScheduler)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public SchedulerLoad ReadLoad()
    {
        int waiting;
        lock (_gate)
        {
            waiting = _table.Waiting;
        }

        return _lanes.Aggregate(new SchedulerLoad(waiting, 0, 0, 0, 0, 0), static (load, lane) => load + lane.ReadLoad());
    }

    public IReadOnlyList<InstanceRunner> Lanes => _runners;

    /// <summary>Sequences that have a place, those that wait for one, and how many were given up since no request came.</summary>
    public SequenceCounts Counts
    {
        get
        {
            lock (_gate)
            {
                return new SequenceCounts(_table.Active, _table.Backlog, _table.IdleEnded);
            }
        }
    }

    public void Expect() => _lanes[0].Expect();

    /// <summary>True when a further request of the sequence would be taken.</summary>
    public bool Has(SequenceId id)
    {
        lock (_gate)
        {
            return _table.IsOpen(id);
        }
    }

    public InferenceError? TryEnqueue(PendingInference pending)
    {
        InferenceError? refusal;
        var effects = new SequenceEffects();
        pending.WatchClient(_onClientGone, pending, _time);
        lock (_gate)
        {
            if (_continue is not null)
            {
                pending.Step = new SequenceStep(new SequenceId(++_lastId, null), isStart: true, isEnd: true) { Continue = _continue };
            }

            pending.Observer = this;
            refusal = pending.IsAbandoned ? pending.DescribeEnd(_time.GetTimestamp())
                : _isStopping ? pending.RefuseStopping()
                : _table.Admit(pending, _time.GetTimestamp(), effects);
            ArmTimer();
        }

        if (refusal is null && effects.TakeRun() is not null)
        {
            refusal = LaneOf(pending).TryQueue(pending);
            if (refusal is not null)
            {
                lock (_gate)
                {
                    if (pending.IsAbandoned)
                    {
                        _table.End(pending, isBroken: true, _time.GetTimestamp(), effects);
                    }
                    else
                    {
                        _table.Undo(pending, _time.GetTimestamp(), effects);
                    }

                    ArmTimer();
                }
            }
        }

        if (refusal is not null)
        {
            pending.Observer = null;
            pending.UnwatchClient();
        }

        Apply(effects);
        return refusal;
    }

    public void OnEnding(PendingInference pending, in InferenceOutcome outcome)
    {
        // A step that has failed has changed nothing, and may be tried again. Without its first step there is no sequence; one that no lane has had is missing from
        // it; and what a client that has gone would have done next nobody knows.
        var isBroken = outcome.Error is { } error
            && (pending.Step!.IsStart || pending.Membership is null || pending.IsAbandoned || error.Code is ErrorCode.Cancelled or ErrorCode.DeadlineExceeded);
        End(pending, isBroken);
    }

    /// <summary>Ends the sequences that have no request.</summary>
    public void EndIdle()
    {
        var effects = new SequenceEffects();
        lock (_gate)
        {
            _table.EndIdle(_time.GetTimestamp(), effects);
        }

        Apply(effects);
    }

    public void BeginDrain() => Array.ForEach(_lanes, static lane => lane.BeginDrain());

    public async Task StopAsync()
    {
        lock (_gate)
        {
            _isStopping = true;
        }

        foreach (var lane in _lanes)
        {
            await lane.StopAsync().ConfigureAwait(false);
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    private Func<int>? EnoughRows(SequenceSchedulerSetup setup, int lane) =>
        setup.MinimumSlotUtilization > 0 ? () => Math.Max(1, (int)Math.Ceiling(setup.MinimumSlotUtilization * _table.ActiveOf(lane))) : null;

    private LaneScheduler LaneOf(PendingInference pending) => _lanes[pending.Step!.Sequence!.Slot!.Value.Lane];

    private void End(PendingInference pending, bool isBroken)
    {
        var effects = new SequenceEffects();
        lock (_gate)
        {
            _table.End(pending, isBroken, _time.GetTimestamp(), effects);
            ArmTimer();
        }

        Apply(effects);
    }

    /// <summary>A request of an iterative model goes back to its lane, which has ended an execution of it.</summary>
    private void GoOn(PendingInference pending)
    {
        if (LaneOf(pending).TryQueue(pending) is { } refusal)
        {
            Fail(pending, refusal);
        }
    }

    /// <summary>Does what is to be done after a change of the table. A lane that would not have a request makes more of it.</summary>
    private void Apply(SequenceEffects effects)
    {
        var hasFreed = effects.Freed.Count > 0;
        while (effects.TakeRun() is { } next)
        {
            if (LaneOf(next).TryQueue(next) is not { } refusal)
            {
                continue;
            }

            // Told here and not by the end of the request: a long row of refusals must not be a deep stack.
            next.Observer = null;
            Fail(next, refusal);
            lock (_gate)
            {
                _table.End(next, isBroken: true, _time.GetTimestamp(), effects);
                ArmTimer();
            }

            hasFreed |= effects.Freed.Count > 0;
        }

        foreach (var (pending, failure) in effects.Failed)
        {
            pending.Observer = null;
            pending.IsAbandoned |= failure == SequenceFailure.Abandoned;
            Fail(pending, failure switch
            {
                SequenceFailure.Abandoned => pending.DescribeEnd(_time.GetTimestamp()),
                SequenceFailure.NoSlotInTime => SequenceErrors.NoSlotInTime(pending.Request, pending.Step!.Id),
                _ => SequenceErrors.Broken(pending.Request, pending.Step!.Id),
            });
        }

        foreach (var sequence in effects.Freed)
        {
            sequence.Dispose();
        }

        if (hasFreed && _waitsForShare)
        {
            // With fewer sequences fewer rows are enough.
            Array.ForEach(_lanes, static lane => lane.Wake());
        }
    }

    private void Fail(PendingInference pending, InferenceError error)
    {
        var isCancelled = error.Code is ErrorCode.Cancelled or ErrorCode.DeadlineExceeded && !pending.IsTooLate;
        _statistics.RecordFailure(isCancelled ? FailureReason.Cancelled : FailureReason.Rejected, _time.GetElapsedTime(pending.EnqueuedTimestamp));
        pending.Fail(error);
    }

    private void OnClientGone(PendingInference pending)
    {
        var effects = new SequenceEffects();
        LaneScheduler? lane = null;
        lock (_gate)
        {
            if (!_table.Abandon(pending, effects))
            {
                if (pending.Step?.Sequence is { Slot: not null })
                {
                    lane = LaneOf(pending);
                }
                else
                {
                    // It has not been admitted yet, or has ended.
                    pending.IsAbandoned = true;
                }
            }
        }

        lane?.Abandon(pending);
        Apply(effects);
    }

    private void OnTimer()
    {
        var effects = new SequenceEffects();
        lock (_gate)
        {
            _timerDue = long.MaxValue;
            _table.Expire(_time.GetTimestamp(), effects);
            ArmTimer();
        }

        Apply(effects);
    }

    /// <summary>Set when something is due earlier than before, and not once a request: a busy sequence is idle thousands of times a second.</summary>
    private void ArmTimer()
    {
        var due = _table.NextDue;
        if (due >= _timerDue || _isStopping)
        {
            return;
        }

        _timerDue = due;
        var left = _time.GetElapsedTime(_time.GetTimestamp(), due);

        // A little late rather than a little early; an hour at most, since timers refuse weeks.
        _timer.Change(left <= TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : left < TimeSpan.FromHours(1) ? left + TimeSpan.FromMilliseconds(1) : TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
    }
}
