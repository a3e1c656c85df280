namespace InferenceServer.Core.Observation;

/// <summary>
/// So many lines a second, and no more: a log that grows with the load makes the load worse. From any number of threads, without a lock; at the turn of a second a few lines more may pass.
/// </summary>
/// <param name="perSecond">The lines.</param>
/// <param name="time">The clock.</param>
internal sealed class LineBudget(int perSecond, TimeProvider time)
{
    private long _second = long.MinValue;
    private int _taken;
    private long _skipped;

    /// <summary>True when there is room for one more line now.</summary>
    /// <param name="skipped">How many were refused since the last one that was not.</param>
    public bool TryTake(out long skipped)
    {
        var second = time.GetTimestamp() / time.TimestampFrequency;
        var current = Volatile.Read(ref _second);
        if (current != second && Interlocked.CompareExchange(ref _second, second, current) == current)
        {
            Volatile.Write(ref _taken, 0);
        }

        // Read first: what is refused thousands of times a second should not be written to as often by every processor.
        if (Volatile.Read(ref _taken) < perSecond && Interlocked.Increment(ref _taken) <= perSecond)
        {
            skipped = Interlocked.Exchange(ref _skipped, 0);
            return true;
        }

        Interlocked.Increment(ref _skipped);
        skipped = 0;
        return false;
    }
}
