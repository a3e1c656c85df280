namespace InferenceServer.Core.Telemetry;

/// <summary>How often something happened and how long it took in all.</summary>
/// <param name="Count">How often.</param>
/// <param name="Duration">The sum of the times.</param>
public readonly record struct CountedDuration(long Count, TimeSpan Duration)
{
    /// <summary>The sum of the times in nanoseconds; the clock counts in hundreds of them.</summary>
    public long Nanoseconds => Duration.Ticks * TimeSpan.NanosecondsPerTick;
}
