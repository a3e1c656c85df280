using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Caching;

/// <summary>The counters of the response cache at one moment.</summary>
public sealed record ResponseCacheReport
{
    /// <summary>Lookups that found an answer, and how many there were.</summary>
    public long Hits { get; init; }

    /// <summary>Lookups that found none.</summary>
    public long Misses { get; init; }

    /// <summary>All lookups, and how long they took in all.</summary>
    public CountedDuration Lookups { get; init; }

    /// <summary>Answers that were handed over to be kept, and how long that took in all.</summary>
    public CountedDuration Insertions { get; init; }

    /// <summary>What the cache in memory holds; null for one that is elsewhere.</summary>
    public LocalCacheReport? Local { get; init; }

    /// <summary>How the store does that the answers are kept in; null for the cache in memory.</summary>
    public StoredCacheReport? Store { get; init; }
}
