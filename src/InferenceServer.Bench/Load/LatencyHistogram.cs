using HdrHistogram;

namespace InferenceServer.Bench.Load;

/// <summary>Times in units of 100 ns with three significant digits, up to an hour.</summary>
internal static class LatencyHistogram
{
    private const long Highest = TimeSpan.TicksPerHour;

    public static LongHistogram Make() => new(1, Highest, 3);

    public static void Record(LongHistogram histogram, TimeSpan time) => histogram.RecordValue(Math.Clamp(time.Ticks, 1, Highest));
}
