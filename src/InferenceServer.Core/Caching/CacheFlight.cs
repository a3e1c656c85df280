using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Caching;

/// <summary>
/// Simultaneous requests with one key: one of them runs, the others wait for what it gets. All of it changes under the lock of its <see cref="ModelCache"/>.
/// </summary>
internal sealed class CacheFlight(ModelCache cache, CacheKey key, string[]? wanted) : IPendingObserver
{
    private int _passes;

    public CacheKey Key => key;

    /// <summary>The names of the wanted outputs, in any order; null for all.</summary>
    public IReadOnlyCollection<string>? Wanted => wanted;

    /// <summary>Those that wait, in the order in which they came.</summary>
    public LinkedList<CacheWaiter> Waiters { get; } = new();

    /// <summary>True when it is over: whoever comes now begins another.</summary>
    public bool HasLanded { get; set; }

    /// <summary>How long the lookup took that found nothing.</summary>
    public TimeSpan Lookup { get; set; }

    /// <summary>True for whoever is to have the next one run; false when somebody is about to, further down on the same stack perhaps, who then does it once more.</summary>
    public bool BeginPassing() => Interlocked.Increment(ref _passes) == 1;

    /// <summary>True when it is to be done once more.</summary>
    public bool EndPassing() => Interlocked.Decrement(ref _passes) > 0;

    public void OnEnding(PendingInference pending, in InferenceOutcome outcome) => cache.End(this, pending, outcome);
}
