using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>How requests are put together into batches, in which order they are served, and how long and how many may wait.</summary>
public sealed record DynamicBatchingConfig
{
    /// <summary>The sizes worth waiting for, ascending, each 1 to the model's largest; that largest alone when the file prefers none.</summary>
    public required ImmutableArray<int> PreferredBatchSizes { get; init; }

    /// <summary>How long the oldest request may wait for a preferred size; zero sends whatever is there.</summary>
    public TimeSpan MaxQueueDelay { get; init; }

    /// <summary>The latency that 95 of 100 requests are to stay under, from which sizes and waits follow; null where the file gives those.</summary>
    public TimeSpan? LatencyTarget { get; init; }

    /// <summary>True when requests are answered in the order in which they came.</summary>
    public bool PreservesOrdering { get; init; }

    /// <summary>How many priorities there are, of which 1 goes before all others.</summary>
    public int PriorityLevels { get; init; } = 1;

    /// <summary>The priority of a request that names none, or one that there is not.</summary>
    public int DefaultPriorityLevel { get; init; } = 1;

    /// <summary>For how long a lower priority may wait without any request of it being run; zero for as long as there are requests of higher ones.</summary>
    public TimeSpan MaxStarvation { get; init; }

    /// <summary>What holds for the requests of every priority without a policy of its own; null when the file does not say.</summary>
    public QueuePolicyConfig? DefaultPolicy { get; init; }

    /// <summary>The policies of priorities that have their own.</summary>
    public ImmutableSortedDictionary<int, QueuePolicyConfig> LevelPolicies { get; init; } = ImmutableSortedDictionary<int, QueuePolicyConfig>.Empty;
}
