namespace InferenceServer.Core.Scheduling;

/// <summary>Has the policy that a configuration asks for decide on the queue of a version. Not thread safe: used under the scheduler's lock.</summary>
/// <param name="queue">The queue.</param>
/// <param name="costs">What executions cost.</param>
/// <param name="second">A second, in ticks of the time provider.</param>
internal sealed class BatchDecider(RequestQueue queue, ExecutionCosts costs, long second)
{
    // So many more that had to run without those who were expected than with them.
    private const int MostMissed = 16;

    private LatencyTargetPolicy? _target;
    private BatchGrowth? _growth;
    private long _expectedRows;
    private long _freeSince;
    private int _missed;

    public required BatchLimits Limits
    {
        get;
        set
        {
            // What has been learnt of arrivals is for the target that it was learnt under.
            _target = value.LatencyTargetTicks is { } ticks ? new LatencyTargetPolicy(ticks, value.MaxRows, costs) : null;
            _growth = value.GrowthRows > 0 && _target is null ? new BatchGrowth(value, costs, second) : null;
            field = value;
        }
    }

    /// <summary>The most rows that an execution has now.</summary>
    public int MaxRows => (_growth?.Limits ?? Limits).MaxRows;

    /// <summary>Says how many rows need not wait for more; null where that is for the sizes and the delay to say.</summary>
    public Func<int>? EnoughRows { get; init; }

    /// <summary>True when it matters how long requests have taken.</summary>
    public bool FollowsTarget => _target is not null;

    /// <summary>False while the most rows of an execution are about to change.</summary>
    public bool IsSteady => _growth?.IsSteady != false;

    /// <summary>True when executions of more rows than at first have been found to pay.</summary>
    public bool HasGrown => _growth is { } growth && growth.Limits.MaxRows > Limits.MaxRows;

    /// <summary>
    /// True when a lane waits for as many rows as the last execution had and left waiting, for half the time at most that an execution of so many takes: clients that have just been answered are about to ask again, and
    /// where most of what an execution costs is what every execution costs, one of all of them is done sooner than two. Whoever is alone waits once, and then is not waited with any more.
    /// </summary>
    public bool Gathers
    {
        get;
        set
        {
            _missed = value && field ? _missed : 0;
            field = value;
        }
    }

    /// <summary>True when most of those who were expected did not come: requests that come of themselves, whatever is answered, only wait longer by it.</summary>
    public bool GathersInVain => _missed >= MostMissed;

    private bool IsGathering => Gathers && _expectedRows > 0;

    /// <summary>What an idle lane should do now.</summary>
    public BatchDecision Decide(bool isDraining, long now)
    {
        var limits = _growth?.Limits ?? Limits;
        var head = queue.Peek(limits.MaxRows, isDraining, (long)costs.Most(limits.MaxRows), now) with { EnoughRows = EnoughRows?.Invoke() ?? 0 };
        if (IsGathering && !isDraining)
        {
            var rows = (int)Math.Min(_expectedRows, limits.MaxRows);
            head = head with { EnoughRows = rows, GatherTicks = (long)(costs.Mean(rows) / 2), OldestTimestamp = Math.Max(head.OldestTimestamp, _freeSince) };
        }

        return _target?.Decide(head, now) ?? BatchPolicy.Decide(head, limits, now);
    }

    public void OnArrival(long now) => _target?.OnArrival(now);

    /// <summary>A lane may run what it has to.</summary>
    public void OnTake(InstanceRunner lane, ReleaseReason reason, long now)
    {
        if (IsGathering)
        {
            _missed = Math.Clamp(_missed + (reason == ReleaseReason.DelayExpired ? 1 : -1), 0, MostMissed);
        }

        if (lane.Claim is not null)
        {
            lane.Progress.EndClaim(costs, now);
        }
    }

    /// <summary>A lane is done with a batch.</summary>
    /// <param name="lane">The lane, which says what it cost.</param>
    /// <param name="now">The time.</param>
    public void OnEnd(InstanceRunner lane, long now)
    {
        var rows = lane.Progress.EndedRows;
        lane.Progress.ReportTo(costs, _target, now);
        if (rows > 0)
        {
            _growth?.OnEnd(rows, now);
            _expectedRows = rows + queue.Rows;
            _freeSince = now;
        }
    }
}
