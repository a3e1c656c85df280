namespace InferenceServer.Core.Caching;

/// <summary>What the cache in memory holds at one moment.</summary>
/// <param name="Entries">How many answers.</param>
/// <param name="Bytes">What they take.</param>
/// <param name="MaxBytes">What they may take.</param>
/// <param name="Evictions">How many had to go for others.</param>
public sealed record LocalCacheReport(long Entries, long Bytes, long MaxBytes, long Evictions)
{
    /// <summary>The part of the room that is taken, from 0 to 1.</summary>
    public double Utilization => MaxBytes == 0 ? 0 : (double)Bytes / MaxBytes;
}
