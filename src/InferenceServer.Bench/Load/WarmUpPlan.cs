namespace InferenceServer.Bench.Load;

/// <summary>Load before the time that is measured: windows, one after the other, until the last three are alike.</summary>
/// <param name="Window">The length of a window; zero for no warm-up.</param>
/// <param name="MaxWindows">How many there may be. With fewer than three nothing is compared.</param>
/// <param name="Tolerance">How far the throughput and the percentile of the last three may lie apart, as a part of their mean.</param>
/// <param name="Percentile">The percentile of the latencies that is compared.</param>
internal sealed record WarmUpPlan(TimeSpan Window, int MaxWindows, double Tolerance, double Percentile)
{
    public const int ComparedWindows = 3;

    /// <summary>Whether it is said at the end if the load became stable.</summary>
    public bool IsJudged => MaxWindows >= ComparedWindows && Window > TimeSpan.Zero;

    /// <summary>Load for a time, whatever it does.</summary>
    public static WarmUpPlan Fixed(TimeSpan time) => new(time, 1, 0, 99);

    /// <summary>Whether the last windows are alike.</summary>
    public bool IsStable(IReadOnlyList<WindowFigures> windows)
    {
        if (windows.Count < ComparedWindows)
        {
            return false;
        }

        var last = windows.Skip(windows.Count - ComparedWindows).ToList();
        return last.All(static one => one.Completed > 0) && AreAlike(last.Select(static one => one.RequestsPerSecond)) && AreAlike(last.Select(static one => one.LatencyMs));
    }

    private bool AreAlike(IEnumerable<double> values)
    {
        var all = values.ToList();
        var mean = all.Average();
        return all.All(value => Math.Abs(value - mean) <= Tolerance * mean);
    }
}
