namespace InferenceServer.Core.Scheduling;

/// <summary>When a request that comes now is likely to begin and to end. Ticks of the time provider.</summary>
/// <param name="WaitTicks">How long it waits for a lane.</param>
/// <param name="EndTicks">When it has been answered, but for one in a few dozen.</param>
internal readonly record struct AdmissionForecast(long WaitTicks, long EndTicks)
{
    /// <summary>The part of its cost by which a batch ahead is taken to be off at least: a machine may become slower while a request waits. A queue that is so much shorter gets no less done.</summary>
    private const double LeastMargin = 0.2;

    /// <summary>By how many of its deviations a wait for the limiter exceeds its average, but for one in a few dozen.</summary>
    private const double ClaimSpread = 3;

    /// <summary>
    /// Reckons with what is known of the costs: the first lane that becomes free takes the oldest rows that fit, and so on, and the request is in the batch that
    /// its place in the queue makes it part of. Pure.
    /// </summary>
    public static AdmissionForecast Of(in AdmissionView view, ExecutionCosts costs, int rows)
    {
        var turns = view.RowsAhead / view.MaxRows / view.Lanes;
        var wait = view.FirstFreeTicks + (turns * (costs.Mean(view.MaxRows) + costs.Pause + costs.Claim));
        var own = (int)Math.Min(view.MaxRows, (view.RowsAhead % view.MaxRows) + rows);

        // What runs and the own batch are off by chance. The averages are, too, and then for each batch ahead alike: of many that ask, those get in who do so while the averages are low.
        var margin = turns * Math.Max(costs.Deviation(view.MaxRows) + costs.ClaimDeviation, LeastMargin * (costs.Mean(view.MaxRows) + costs.Claim));
        var spread = Math.Sqrt(Square(costs.Spread(view.MaxRows)) + Square(costs.Spread(own)) + Square(ClaimSpread * costs.ClaimDeviation));
        return new AdmissionForecast(ToTicks(wait), ToTicks(wait + margin + costs.Mean(own) + spread));
    }

    private static double Square(double value) => value * value;

    private static long ToTicks(double ticks) => ticks < long.MaxValue / 2 ? (long)ticks : long.MaxValue / 2;
}
