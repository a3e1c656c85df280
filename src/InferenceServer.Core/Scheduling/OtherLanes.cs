namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Has the lanes made that a scheduler has beside those of the configuration: by threads of the pool, since that takes as long as an engine likes, one at a time. What it says of itself it does under the scheduler's
/// lock, but for the making.
/// </summary>
/// <param name="gate">The scheduler's lock.</param>
/// <param name="lanes">Its lanes.</param>
/// <param name="make">Makes others; null where there are to be none.</param>
/// <param name="onChange">Called when there are other lanes than there were, or other lanes run.</param>
/// <param name="costs">What executions cost.</param>
/// <param name="time">The clock.</param>
internal sealed class OtherLanes(object gate, LaneSet lanes, LaneMaker? make, Action onChange, ExecutionCosts costs, TimeProvider time)
{
    /// <summary>True when the scheduler drains: nothing is made any more.</summary>
    public bool IsOver { get; set; }

    /// <summary>Others are configured from now on: what has been found out is found out anew.</summary>
    /// <param name="added">Those that come.</param>
    /// <param name="retired">Those that go.</param>
    /// <param name="rules">How many others there may be.</param>
    /// <returns>Those that nobody has, which are to be freed now.</returns>
    public InstanceRunner[] Change(IReadOnlyCollection<InstanceRunner> added, IReadOnlyCollection<InstanceRunner> retired, LaneSchedulerSetup rules)
    {
        var idle = lanes.Change(added, retired, make is null ? 0 : rules.MaxSideLanes);
        lanes.Growth = make is null || rules.MaxLanes <= lanes.Configured.Length
            ? null
            : new LaneGrowth(lanes.Configured.Length, rules.MaxLanes, costs, time.TimestampFrequency) { MayUseOneThread = make.TryReadyOneThread is not null };
        return idle;
    }

    /// <summary>A lane without a thread, for a request that takes next to nothing; null where there is none now.</summary>
    public InstanceRunner? FindSide(LaneScheduler owner)
    {
        if (lanes.Side.Most == 0)
        {
            return null;
        }

        if (lanes.Side.Find() is { } lane)
        {
            return lane;
        }

        if (lanes.Side.TryBeginMaking())
        {
            ThreadPool.UnsafeQueueUserWorkItem(static made => made.Own.Make(made.Owner, isSide: true), (Own: this, Owner: owner), preferLocal: false);
        }

        return null;
    }

    /// <summary>An execution has ended.</summary>
    /// <param name="owner">The scheduler.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="others">For how many more lanes there was something to do.</param>
    /// <param name="decider">What forms executions: it is told whether to gather.</param>
    /// <param name="now">The time, in ticks of the time provider.</param>
    public void OnEnd(LaneScheduler owner, int rows, int others, BatchDecider decider, long now)
    {
        if (lanes.Growth is not { } growth || !growth.IsWork(rows))
        {
            return;
        }

        var known = growth.Found;
        growth.MayGather = decider.HasGrown;
        growth.OnEnd(rows, others, decider.IsSteady, now);
        if (decider.GathersInVain)
        {
            growth.EndGathering(now);
        }

        decider.Gathers = growth.Now.IsGathering;
        if (growth.Found is { } found && found != known && make!.Tell is { } tell)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static told => told.Tell(told.Found), (Tell: tell, Found: found), preferLocal: false);
        }

        Follow(owner);
    }

    private void Follow(LaneScheduler owner)
    {
        if (!IsOver && lanes.TryBeginMaking())
        {
            ThreadPool.UnsafeQueueUserWorkItem(static made => made.Own.Make(made.Owner, isSide: false), (Own: this, Owner: owner), preferLocal: false);
        }

        if (!IsOver && lanes.TryBeginReadying())
        {
            ThreadPool.UnsafeQueueUserWorkItem(static ready => ready.Own.ReadyOneThread(ready.Owner), (Own: this, Owner: owner), preferLocal: false);
        }

        if (lanes.Follow())
        {
            onChange();
        }
    }

    private void Make(LaneScheduler owner, bool isSide)
    {
        var made = make!.Make(owner, isSide);
        lock (gate)
        {
            if (isSide ? lanes.EndMakingSide(made) : lanes.EndMaking(made))
            {
                Follow(owner);
                onChange();
                return;
            }
        }

        made!.Retire();
        owner.EndRetirement();
    }

    private void ReadyOneThread(LaneScheduler owner)
    {
        var isReady = make!.TryReadyOneThread!();
        lock (gate)
        {
            lanes.EndReadying(isReady, time.GetTimestamp());
            Follow(owner);
            onChange();
        }
    }
}
