namespace InferenceServer.Bench.Statistics;

/// <summary>How often something happened, and how long it took in all.</summary>
/// <param name="Count">How often.</param>
/// <param name="Nanoseconds">The sum of the times.</param>
internal readonly record struct DurationCounter(ulong Count, ulong Nanoseconds)
{
    public static DurationCounter operator +(DurationCounter a, DurationCounter b) => new(a.Count + b.Count, a.Nanoseconds + b.Nanoseconds);

    /// <summary>The mean of what happened between two readings, in milliseconds; 0 when nothing did, or the counters began anew.</summary>
    public static double MeanMs(DurationCounter before, DurationCounter after) => after.Count > before.Count && after.Nanoseconds >= before.Nanoseconds
        ? (after.Nanoseconds - before.Nanoseconds) / 1e6 / (after.Count - before.Count)
        : 0;
}
