namespace InferenceServer.Core.Scheduling;

/// <summary>What a scheduler has to do at one moment.</summary>
/// <param name="Requests">Requests that wait.</param>
/// <param name="Bytes">The bytes of their tensors.</param>
/// <param name="Lanes">How many executions can run at once.</param>
/// <param name="Running">How many run.</param>
/// <param name="RunningTicks">For how long those have run so far, together, in timestamp ticks.</param>
/// <param name="StalledTicks">For how long requests have waited and none has been taken; 0 while none waits.</param>
public readonly record struct SchedulerLoad(int Requests, long Bytes, int Lanes, int Running, long RunningTicks, long StalledTicks)
{
    /// <summary>The load of one queue and its lanes. Under the lock of their scheduler.</summary>
    internal static SchedulerLoad Of(RequestQueue queue, LaneSet lanes, long now)
    {
        var stalled = queue.Count > 0 ? Math.Max(0, now - queue.WaitingSince) : 0;
        var load = new SchedulerLoad(queue.Count, queue.Bytes, lanes.Active.Length + lanes.Side.Lanes.Length, 0, 0, stalled);
        foreach (var lane in lanes.All)
        {
            if (lane.Progress.RunningSince is { } since)
            {
                load = load with { Running = load.Running + 1, RunningTicks = load.RunningTicks + Math.Max(0, now - since) };
            }
        }

        return load;
    }

    /// <summary>Both together.</summary>
    public static SchedulerLoad operator +(SchedulerLoad left, SchedulerLoad right) => new(
        left.Requests + right.Requests, left.Bytes + right.Bytes, left.Lanes + right.Lanes, left.Running + right.Running, left.RunningTicks + right.RunningTicks, Math.Max(left.StalledTicks, right.StalledTicks));

    /// <inheritdoc cref="op_Addition"/>
    public static SchedulerLoad Add(SchedulerLoad left, SchedulerLoad right) => left + right;
}
