using System.Collections.Immutable;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Sequences;

/// <summary>What a <see cref="SequenceScheduler"/> is made of.</summary>
internal sealed record SequenceSchedulerSetup
{
    public required SequenceLimits Limits { get; init; }

    /// <summary>How the requests of one lane wait and are put together.</summary>
    public required LaneSchedulerSetup Lane { get; init; }

    /// <summary>The share of a lane's sequences, 0 to 1, that must have a request before they run without delay; 0 for any.</summary>
    public double MinimumSlotUtilization { get; init; }

    /// <summary>True when every request is a sequence of its own.</summary>
    public bool IsIterative { get; init; }

    /// <summary>What the states hold when a sequence begins.</summary>
    public ImmutableArray<InitialState> Initial { get; init; } = [];

    public required TimeProvider Time { get; init; }

    public required ModelStatistics Statistics { get; init; }
}
