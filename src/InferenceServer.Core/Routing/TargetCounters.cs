namespace InferenceServer.Core.Routing;

/// <summary>What an alias has sent to one target, since the target came to it.</summary>
internal sealed class TargetCounters
{
    private long _requests;
    private long _failures;
    private long _skipped;
    private long _ticks;

    public long Requests => Interlocked.Read(ref _requests);

    public long Failures => Interlocked.Read(ref _failures);

    public long Skipped => Interlocked.Read(ref _skipped);

    public TimeSpan Duration => new(Interlocked.Read(ref _ticks));

    public void Record(bool isFailure, TimeSpan elapsed)
    {
        Interlocked.Increment(ref _requests);
        Interlocked.Add(ref _ticks, elapsed.Ticks);
        if (isFailure)
        {
            Interlocked.Increment(ref _failures);
        }
    }

    public void Skip() => Interlocked.Increment(ref _skipped);
}
