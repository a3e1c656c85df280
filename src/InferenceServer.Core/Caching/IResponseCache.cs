namespace InferenceServer.Core.Caching;

/// <summary>Keeps answers by their keys. It may lose any of them at any time, and never throws: whatever fails is a miss. Safe for any number of callers at once.</summary>
internal interface IResponseCache
{
    /// <summary>
    /// True when other servers read what this one keeps, and it outlives the process: keys then must stand for what the files of a model hold, not for when they were loaded.
    /// </summary>
    bool IsShared { get; }

    /// <summary>Looks for an answer.</summary>
    /// <returns>The answer with a count for the caller; null when there is none.</returns>
    ValueTask<CachedAnswer?> FindAsync(CacheKey key);

    /// <summary>True when an answer of that size would be kept. Bytes, as of <see cref="CachedAnswer.Bytes"/>.</summary>
    bool HasRoomFor(long bytes);

    /// <summary>Keeps an answer; the count that the caller holds stays the caller's.</summary>
    /// <param name="key">What it is found by.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="owner">For whom it is kept.</param>
    void Store(CacheKey key, CachedAnswer answer, object owner);

    /// <summary>Drops what is kept for an owner that does not ask any more, where nobody else does.</summary>
    void Forget(object owner);

    /// <summary>The counters of now.</summary>
    ResponseCacheReport Read();
}
