namespace InferenceServer.Bench.Runs;

/// <summary>
/// Decides which load a sweep measures next. It doubles the load until that brings less than 5 % more answers, or the target is missed; then it halves the distance
/// between the largest load that meets the target and the smallest that does not or, without a target, the distances beside the knee.
/// The knee is the load with the largest power: answers a second divided by the mean latency.
/// </summary>
internal static class SweepPolicy
{
    private const double LeastGrowth = 1.05;
    private const double NarrowTarget = 1.05;
    private const double NarrowKnee = 1.2;
    private const double SmallestPart = 1.0 / 64;

    /// <returns>The next load; null when the sweep is over.</returns>
    public static double? Next(SweepPlan plan, IReadOnlyList<SweepStep> steps)
    {
        if (steps.Count == 0)
        {
            return plan.Start;
        }

        if (steps.Count >= plan.MaxSteps)
        {
            return null;
        }

        return IsDoubling(plan, steps) ? Math.Min(plan.Highest, steps[^1].Amount * 2) : plan.TargetMs is null ? NextAtKnee(plan, steps) : NextAtTarget(plan, steps);
    }

    /// <summary>The load with the largest power; null when every load had failures.</summary>
    public static SweepStep? Knee(IEnumerable<SweepStep> steps) => steps.Where(static step => step.IsClean).MaxBy(static step => step.Power);

    /// <summary>The largest load that meets the target, below every load that does not; null when there is none.</summary>
    public static SweepStep? Largest(SweepPlan plan, IReadOnlyList<SweepStep> steps)
    {
        var missed = steps.Where(step => !Meets(plan, step)).Select(static step => step.Amount).DefaultIfEmpty(double.MaxValue).Min();
        return steps.Where(step => Meets(plan, step) && step.Amount < missed).MaxBy(static step => step.Amount);
    }

    /// <summary>Whether a load is one that can be had: without failures, in time, and as fast as requests were due.</summary>
    private static bool Meets(SweepPlan plan, SweepStep step) =>
        step.IsClean && (plan.TargetMs is not { } target || step.PercentileMs <= target) && step.KeepsUp;

    /// <summary>Whether all loads so far were doubled, and the last one was not too much.</summary>
    private static bool IsDoubling(SweepPlan plan, IReadOnlyList<SweepStep> steps)
    {
        if (steps[^1].Amount >= plan.Highest || !Meets(plan, steps[^1]))
        {
            return false;
        }

        for (var i = 1; i < steps.Count; i++)
        {
            if (steps[i].Amount < 2 * steps[i - 1].Amount || steps[i].Throughput < LeastGrowth * steps[i - 1].Throughput)
            {
                return false;
            }
        }

        return true;
    }

    private static double? NextAtTarget(SweepPlan plan, IReadOnlyList<SweepStep> steps)
    {
        var low = Largest(plan, steps)?.Amount ?? 0;
        var high = steps.Where(step => !Meets(plan, step)).Select(static step => step.Amount).DefaultIfEmpty(0).Min();
        if (high == 0 || high <= plan.Start * SmallestPart)
        {
            // Nothing missed it, or nothing will meet it.
            return null;
        }

        return low == 0 ? Between(plan, high / 4, high, NarrowTarget) : Between(plan, low, high, NarrowTarget);
    }

    private static double? NextAtKnee(SweepPlan plan, IReadOnlyList<SweepStep> steps)
    {
        if (Knee(steps) is not { } knee)
        {
            return null;
        }

        var amounts = steps.Select(static step => step.Amount).ToList();
        var above = amounts.Where(amount => amount > knee.Amount).DefaultIfEmpty(0).Min();
        var below = amounts.Where(amount => amount < knee.Amount).DefaultIfEmpty(0).Max();
        return (above > 0 ? Between(plan, knee.Amount, above, NarrowKnee) : null) ?? (below > 0 ? Between(plan, below, knee.Amount, NarrowKnee) : null);
    }

    /// <summary>What is halfway, by ratio; null when the two are next to each other.</summary>
    private static double? Between(SweepPlan plan, double low, double high, double narrow)
    {
        if (high <= low * narrow)
        {
            return null;
        }

        var middle = Math.Sqrt(low * high);
        if (!plan.IsWhole)
        {
            return middle;
        }

        var whole = Math.Max(Math.Round(middle), Math.Floor(low) + 1);
        return whole < high ? whole : null;
    }
}
