using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Caching;

/// <summary>Counts what is asked of a response cache, from any number of threads and without a lock.</summary>
internal sealed class CacheCounters
{
    private readonly DurationCounter _hits = new();
    private readonly DurationCounter _misses = new();
    private readonly DurationCounter _insertions = new();

    public void RecordLookup(bool isHit, TimeSpan duration) => (isHit ? _hits : _misses).Add(duration);

    public void RecordInsertion(TimeSpan duration) => _insertions.Add(duration);

    public ResponseCacheReport Read()
    {
        var (hits, misses) = (_hits.Current, _misses.Current);
        return new ResponseCacheReport
        {
            Hits = hits.Count,
            Misses = misses.Count,
            Lookups = new CountedDuration(hits.Count + misses.Count, hits.Duration + misses.Duration),
            Insertions = _insertions.Current,
        };
    }
}
