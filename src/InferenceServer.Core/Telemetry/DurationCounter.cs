namespace InferenceServer.Core.Telemetry;

/// <summary>Counts and sums durations, from any number of threads and without a lock.</summary>
internal sealed class DurationCounter
{
    private long _count;
    private long _ticks;

    /// <summary>The sums of now; a measurement that is made at this moment may be in one of them only.</summary>
    public CountedDuration Current => new(Interlocked.Read(ref _count), new TimeSpan(Interlocked.Read(ref _ticks)));

    public void Add(TimeSpan duration)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _ticks, duration.Ticks);
    }
}
