using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>How requests that belong together are scheduled: <c>sequence_batching</c>, with every default filled in.</summary>
public sealed record SequenceBatchingConfig
{
    /// <summary>How long a sequence may be without a request before it is given up.</summary>
    public TimeSpan MaxIdle { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>True when a sequence has a row of its own in every execution (<c>direct</c>); false when executions are put together from whatever waits (<c>oldest</c>).</summary>
    public bool IsDirect { get; init; } = true;

    /// <summary>The most sequences of one instance at a time: its rows for <c>direct</c>, <c>max_candidate_sequences</c> for <c>oldest</c>. At least 1.</summary>
    public int SlotsPerInstance { get; init; } = 1;

    /// <summary>How long the oldest waiting request of an instance may wait for others.</summary>
    public TimeSpan MaxQueueDelay { get; init; }

    /// <summary>The share of an instance's sequences, 0 to 1, that must have a request waiting before they are executed without delay. Direct only.</summary>
    public double MinimumSlotUtilization { get; init; }

    /// <summary>The batch sizes that are executed without delay, ascending. Oldest only.</summary>
    public ImmutableArray<int> PreferredBatchSizes { get; init; } = [];

    /// <summary>True when requests are answered in the order in which they were accepted. Oldest only.</summary>
    public bool PreservesOrdering { get; init; }

    /// <summary>The inputs by which the model learns of the sequence.</summary>
    public ImmutableArray<SequenceControlConfig> Controls { get; init; } = [];

    /// <summary>What the server keeps for each sequence.</summary>
    public ImmutableArray<SequenceStateConfig> States { get; init; } = [];

    /// <summary>True when every request is a sequence of its own, which the model puts back into the queue for its next step until it is done.</summary>
    public bool IsIterative { get; init; }
}
