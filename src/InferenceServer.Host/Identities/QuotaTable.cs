using System.Collections.Concurrent;
using InferenceServer.Core.Access;

namespace InferenceServer.Host.Identities;

/// <summary>The quotas of all callers. They outlast the access file that they come from, so that a reload gives nobody a new share.</summary>
internal sealed class QuotaTable(TimeProvider time, int maxTokens = QuotaTable.MaxTokens)
{
    /// <summary>How many subjects of tokens are told apart; those beyond, while so many are busy, share one quota.</summary>
    public const int MaxTokens = 65_536;

    private readonly ConcurrentDictionary<string, CallerQuota> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CallerQuota> _tokens = new(StringComparer.Ordinal);
    private CallerQuota? _overflow;

    /// <summary>The callers of the access file and their quotas.</summary>
    public IEnumerable<KeyValuePair<string, CallerQuota>> Known => _known;

    /// <summary>How many subjects are told apart now.</summary>
    public int TokenCount => _tokens.Count;

    /// <summary>The quota of a caller of the access file. Another limit makes another quota.</summary>
    public CallerQuota Of(string id, CallerLimits limits) =>
        _known.AddOrUpdate(id, _ => new CallerQuota(limits, time), (_, old) => old.Limits == limits ? old : new CallerQuota(limits, time));

    /// <summary>The quota of a subject of tokens.</summary>
    public CallerQuota OfToken(string id, CallerLimits limits)
    {
        if (_tokens.TryGetValue(id, out var quota) && quota.Limits == limits)
        {
            return quota;
        }

        if (_tokens.Count >= maxTokens)
        {
            Forget();
        }

        return _tokens.Count >= maxTokens
            ? LazyInitializer.EnsureInitialized(ref _overflow, () => new CallerQuota(limits, time))
            : _tokens.AddOrUpdate(id, _ => new CallerQuota(limits, time), (_, old) => old.Limits == limits ? old : new CallerQuota(limits, time));
    }

    private void Forget()
    {
        foreach (var (id, quota) in _tokens)
        {
            if (quota.IsIdle)
            {
                _tokens.TryRemove(id, out _);
            }
        }
    }
}
