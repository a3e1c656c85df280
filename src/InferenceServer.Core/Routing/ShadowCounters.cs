namespace InferenceServer.Core.Routing;

/// <summary>What has come of the copies of an alias's requests, since the alias is there.</summary>
internal sealed class ShadowCounters
{
    private readonly long[] _drops = new long[Enum.GetValues<ShadowDrop>().Length];
    private long _sent;
    private long _failed;
    private int _inFlight;

    public long Sent => Interlocked.Read(ref _sent);

    public long Failed => Interlocked.Read(ref _failed);

    public int InFlight => Volatile.Read(ref _inFlight);

    public long Dropped(ShadowDrop reason) => Interlocked.Read(ref _drops[(int)reason]);

    public void Send() => Interlocked.Increment(ref _sent);

    public void Fail() => Interlocked.Increment(ref _failed);

    public void Drop(ShadowDrop reason) => Interlocked.Increment(ref _drops[(int)reason]);

    /// <summary>Takes one of so many places; false when all are taken.</summary>
    public bool TryEnter(int limit)
    {
        if (Interlocked.Increment(ref _inFlight) <= limit)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _inFlight);
}
