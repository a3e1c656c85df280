using System.Diagnostics;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>The time that is measured, in stopwatch ticks, shared by all workers of a point.</summary>
internal sealed class LoadWindow
{
    private LoadWindow(long from, long to)
    {
        From = from;
        To = to;
    }

    public long From { get; }

    public long To { get; }

    public static LoadWindow StartingNow(TimeSpan warmUp, TimeSpan measure)
    {
        var from = Stopwatch.GetTimestamp() + Ticks(warmUp);
        return new LoadWindow(from, from + Ticks(measure));
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
