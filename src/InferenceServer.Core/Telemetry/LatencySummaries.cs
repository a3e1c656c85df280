using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>The quantiles of the durations of one version's requests and of their parts.</summary>
public sealed class LatencySummaries
{
    internal LatencySummaries(ImmutableArray<QuantileTarget> targets, TimeProvider time)
    {
        Request = new LatencySummary(targets, time);
        Queue = new LatencySummary(targets, time);
        ComputeInput = new LatencySummary(targets, time);
        ComputeInfer = new LatencySummary(targets, time);
        ComputeOutput = new LatencySummary(targets, time);
    }

    /// <summary>From acceptance to answer.</summary>
    public LatencySummary Request { get; }

    /// <summary>In the queue.</summary>
    public LatencySummary Queue { get; }

    /// <summary>Putting the inputs together.</summary>
    public LatencySummary ComputeInput { get; }

    /// <summary>In the model.</summary>
    public LatencySummary ComputeInfer { get; }

    /// <summary>Cutting the outputs into answers.</summary>
    public LatencySummary ComputeOutput { get; }
}
