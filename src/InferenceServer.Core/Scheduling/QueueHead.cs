namespace InferenceServer.Core.Scheduling;

/// <summary>The requests at the head of a queue that could share the next execution.</summary>
internal readonly ref struct QueueHead
{
    public QueueHead()
    {
    }

    /// <summary>The rows of each, oldest first. Their sum does not exceed the limit, except that the first always counts.</summary>
    public required ReadOnlySpan<int> Rows { get; init; }

    /// <summary>True when another request waits behind these that would have gone over the row limit.</summary>
    public bool IsNextTooLarge { get; init; }

    /// <summary>True when another request waits behind these that has other shapes or chooses another variant of the model.</summary>
    public bool IsNextIncompatible { get; init; }

    /// <summary>When the oldest of them was accepted.</summary>
    public long OldestTimestamp { get; init; }

    /// <summary>When the first of them has to begin, lest it give up waiting or end too late; <see cref="long.MaxValue"/> for whenever.</summary>
    public long LatestStartTimestamp { get; init; } = long.MaxValue;

    /// <summary>How many rows need not wait for more; 0 where that is for the sizes and the delay to say.</summary>
    public int EnoughRows { get; init; }

    /// <summary>How long to wait for <see cref="EnoughRows"/> where the configuration allows no wait, in ticks of the time provider; 0 for not at all.</summary>
    public long GatherTicks { get; init; }

    /// <summary>True when the version is being unloaded.</summary>
    public bool IsDraining { get; init; }
}
