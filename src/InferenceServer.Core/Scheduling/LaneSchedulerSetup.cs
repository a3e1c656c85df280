using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Scheduling;

/// <summary>What a <see cref="LaneScheduler"/> is made of.</summary>
internal sealed record LaneSchedulerSetup
{
    public required BatchLimits Limits { get; init; }

    public required QueueRules Queue { get; init; }

    public required long MaxQueueBytes { get; init; }

    /// <summary>Which requests can share an execution.</summary>
    public required BatchCompatibility Compatibility { get; init; }

    /// <summary>Says how many rows need not wait for more; null where that is for <see cref="Limits"/> to say. Called under the scheduler's lock.</summary>
    public Func<int>? EnoughRows { get; init; }

    /// <summary>True when requests are answered in the order in which they were accepted.</summary>
    public bool PreservesOrdering { get; init; }

    /// <summary>What an execution may take for the caller's own thread to run it; zero for never.</summary>
    public TimeSpan MaxCallerExecution { get; init; }

    /// <summary>How many lanes there may be beside those that are configured, for what takes next to nothing.</summary>
    public int MaxSideLanes { get; init; }

    /// <summary>How many lanes there may be where more get more done than those that are configured; 0 for no more.</summary>
    public int MaxLanes { get; init; }

    public required TimeProvider Time { get; init; }

    public required ModelStatistics Statistics { get; init; }
}
