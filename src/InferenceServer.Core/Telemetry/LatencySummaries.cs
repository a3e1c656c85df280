using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>The quantiles of the durations of one version's requests and of their parts.</summary>
public sealed class LatencySummaries
{
    internal LatencySummaries(ImmutableArray<QuantileTarget> targets, TimeProvider time, bool keepsResponses = false)
    {
        Request = keepsResponses ? null : new LatencySummary(targets, time);
        CacheHit = keepsResponses ? new LatencySummary(targets, time) : null;
        CacheMiss = keepsResponses ? new LatencySummary(targets, time) : null;
        Queue = new LatencySummary(targets, time);
        ComputeInput = new LatencySummary(targets, time);
        ComputeInfer = new LatencySummary(targets, time);
        ComputeOutput = new LatencySummary(targets, time);
    }

    /// <summary>From acceptance to answer; null where answers are kept: hits and misses are no one distribution.</summary>
    public LatencySummary? Request { get; }

    /// <summary>The lookups of requests that the response cache has answered; null where answers are not kept.</summary>
    public LatencySummary? CacheHit { get; }

    /// <summary>The lookups and insertions of those that it has not; null where answers are not kept.</summary>
    public LatencySummary? CacheMiss { get; }

    /// <summary>In the queue.</summary>
    public LatencySummary Queue { get; }

    /// <summary>Putting the inputs together.</summary>
    public LatencySummary ComputeInput { get; }

    /// <summary>In the model.</summary>
    public LatencySummary ComputeInfer { get; }

    /// <summary>Cutting the outputs into answers.</summary>
    public LatencySummary ComputeOutput { get; }
}
