using System.Collections.Immutable;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Lifecycle;

/// <summary>How often versions of a model were loaded, since the start of the process, and how long that took.</summary>
/// <param name="Model">The model's name; empty for all those that there was no room to count on their own.</param>
/// <param name="Succeeded">Loads after which the version served.</param>
/// <param name="Failed">Loads that failed, and configurations that were refused.</param>
public sealed record ModelLoadCount(string Model, long Succeeded, long Failed)
{
    /// <summary>The bounds of the histograms, in milliseconds.</summary>
    private static readonly ImmutableArray<double> s_bounds = [10, 50, 100, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000];

    /// <summary>How long loads took after which the version served.</summary>
    public LatencyHistogram LoadDurations { get; } = new(s_bounds);

    /// <summary>How long loads took that failed.</summary>
    public LatencyHistogram FailedLoadDurations { get; } = new(s_bounds);

    /// <summary>How long it took until nobody used the version any more and its memory was given back.</summary>
    public LatencyHistogram UnloadDurations { get; } = new(s_bounds);
}
