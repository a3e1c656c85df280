using System.Collections.Immutable;

namespace InferenceServer.Core.Scheduling;

/// <summary>What a model's configuration says of its batches.</summary>
/// <param name="MaxRows">The most rows that one execution takes; at least 1.</param>
/// <param name="PreferredRows">The sizes to aim for, ascending; empty for none.</param>
/// <param name="MaxDelayTicks">How long the oldest request may wait for company while a lane is idle, in ticks of the time provider; 0 for not at all.</param>
internal sealed record BatchLimits(int MaxRows, ImmutableArray<int> PreferredRows, long MaxDelayTicks)
{
    /// <summary>How long before its last moment a request is run that waits for company, in ticks of the time provider: the time that a thread may take to wake.</summary>
    public long MarginTicks { get; init; }

    /// <summary>The latency that sizes and waits are to follow from, in ticks of the time provider; null where they are given.</summary>
    public long? LatencyTargetTicks { get; init; }

    /// <summary>To how many rows executions may grow where larger ones are found to pay; 0 for not at all.</summary>
    public int GrowthRows { get; init; }

    /// <summary>One request at a time.</summary>
    public static BatchLimits Single { get; } = new(1, [], 0);
}
