namespace InferenceServer.Core.Access;

/// <summary>
/// Holds one caller to its limits, without a lock. The rate is a token bucket in its arithmetic form (GCRA): one number says when the bucket would be full
/// again, and it needs no timer to fill.
/// </summary>
public sealed class CallerQuota
{
    private readonly TimeProvider _time;
    private readonly long _interval;
    private readonly long _tolerance;
    private long _full;
    private int _inFlight;
    private long _admitted;
    private long _tooFast;
    private long _tooMany;

    /// <param name="limits">The limits.</param>
    /// <param name="time">The clock.</param>
    public CallerQuota(CallerLimits limits, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(time);
        Limits = limits;
        _time = time;
        _interval = limits.RequestsPerSecond is { } rate ? (long)Math.Max(1, time.TimestampFrequency / rate) : 0;
        _tolerance = _interval * Math.Max(1, limits.Burst);
        _full = long.MinValue;
    }

    /// <summary>The limits.</summary>
    public CallerLimits Limits { get; }

    /// <summary>Requests that were let in.</summary>
    public long Admitted => Interlocked.Read(ref _admitted);

    /// <summary>Requests that were turned away because of the rate.</summary>
    public long TooFast => Interlocked.Read(ref _tooFast);

    /// <summary>Requests that were turned away because of those in flight.</summary>
    public long TooMany => Interlocked.Read(ref _tooMany);

    /// <summary>True when forgetting it would change nothing but its counters: nothing is in flight and the bucket is full.</summary>
    public bool IsIdle => Volatile.Read(ref _inFlight) == 0 && Interlocked.Read(ref _full) <= _time.GetTimestamp();

    /// <summary>Lets a request in, to be followed by <see cref="Leave"/> when it has ended; or says after how much time it is worth while to come again.</summary>
    public QuotaVerdict TryEnter(out TimeSpan retryAfter)
    {
        retryAfter = TimeSpan.Zero;
        if (Interlocked.Increment(ref _inFlight) > (Limits.ConcurrentRequests ?? int.MaxValue))
        {
            Interlocked.Decrement(ref _inFlight);
            Interlocked.Increment(ref _tooMany);
            retryAfter = TimeSpan.FromSeconds(1);
            return QuotaVerdict.TooMany;
        }

        var verdict = TrySpend(out retryAfter);
        if (verdict != QuotaVerdict.Admitted)
        {
            Interlocked.Decrement(ref _inFlight);
        }

        return verdict;
    }

    /// <summary>As <see cref="TryEnter"/> for what is in flight as long as it likes, such as a stream: the rate alone counts, and there is nothing to leave.</summary>
    public QuotaVerdict TrySpend(out TimeSpan retryAfter)
    {
        retryAfter = TimeSpan.Zero;
        if (_interval > 0 && !TryTake(out retryAfter))
        {
            Interlocked.Increment(ref _tooFast);
            return QuotaVerdict.TooFast;
        }

        Interlocked.Increment(ref _admitted);
        return QuotaVerdict.Admitted;
    }

    /// <summary>A request that was let in has ended.</summary>
    public void Leave() => Interlocked.Decrement(ref _inFlight);

    private bool TryTake(out TimeSpan retryAfter)
    {
        retryAfter = TimeSpan.Zero;
        var now = _time.GetTimestamp();
        while (true)
        {
            var full = Interlocked.Read(ref _full);
            var next = Math.Max(full, now) + _interval;
            if (next - now > _tolerance)
            {
                retryAfter = _time.GetElapsedTime(now, next - _tolerance);
                return false;
            }

            if (Interlocked.CompareExchange(ref _full, next, full) == full)
            {
                return true;
            }
        }
    }
}
