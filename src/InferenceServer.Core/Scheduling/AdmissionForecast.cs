namespace InferenceServer.Core.Scheduling;

/// <summary>When a request that comes now is likely to begin and to end. Ticks of the time provider.</summary>
/// <param name="WaitTicks">How long it waits for a lane.</param>
/// <param name="EndTicks">When it has been answered, but for one in a few dozen.</param>
internal readonly record struct AdmissionForecast(long WaitTicks, long EndTicks)
{
    /// <summary>
    /// Reckons with what is known of the costs: the first lane that becomes free takes the oldest rows that fit, and so on, and the request is in the batch that
    /// its place in the queue makes it part of. Pure.
    /// </summary>
    public static AdmissionForecast Of(in AdmissionView view, ExecutionCosts costs, int rows)
    {
        var batchesAhead = view.RowsAhead / view.MaxRows;
        var wait = view.FirstFreeTicks + (batchesAhead / view.Lanes * costs.Mean(view.MaxRows));
        var own = (int)Math.Min(view.MaxRows, (view.RowsAhead % view.MaxRows) + rows);
        return new AdmissionForecast(ToTicks(wait), ToTicks(wait + costs.Most(own)));
    }

    private static long ToTicks(double ticks) => ticks < long.MaxValue / 2 ? (long)ticks : long.MaxValue / 2;
}
