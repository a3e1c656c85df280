namespace InferenceServer.Core.Scheduling;

/// <summary>Spans of time in the ticks of a time provider's timestamps.</summary>
internal static class TimeProviderTicks
{
    public static long ToTicks(this TimeProvider time, TimeSpan span) =>
        time.TimestampFrequency == TimeSpan.TicksPerSecond
            ? span.Ticks
            : (long)(span.Ticks * ((double)time.TimestampFrequency / TimeSpan.TicksPerSecond));

    /// <summary>The later timestamp; <see cref="long.MaxValue"/> instead of an overflow.</summary>
    public static long Add(long timestamp, long ticks) => ticks > long.MaxValue - timestamp ? long.MaxValue : timestamp + ticks;
}
