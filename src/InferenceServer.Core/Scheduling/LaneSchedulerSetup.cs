using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Scheduling;

/// <summary>What a <see cref="LaneScheduler"/> is made of.</summary>
internal sealed record LaneSchedulerSetup
{
    public required BatchLimits Limits { get; init; }

    public required int MaxQueueSize { get; init; }

    public required long MaxQueueBytes { get; init; }

    /// <summary>How long a request may wait before it is given up; zero for as long as its client waits.</summary>
    public TimeSpan DefaultTimeout { get; init; }

    /// <summary>True when a request may ask for less than <see cref="DefaultTimeout"/>.</summary>
    public bool AllowTimeoutOverride { get; init; }

    public required TimeProvider Time { get; init; }

    public required ModelStatistics Statistics { get; init; }
}
