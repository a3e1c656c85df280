using System.Collections.Immutable;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Host.Options;

/// <summary>What the metrics show beside the counters.</summary>
internal sealed record MetricsOptions
{
    /// <summary>The quantiles that summaries have when nothing is said of them: those of Triton.</summary>
    public static ImmutableArray<QuantileTarget> DefaultQuantiles { get; } = [new(0.5, 0.05), new(0.9, 0.01), new(0.95, 0.001), new(0.99, 0.001), new(0.999, 0.001)];

    /// <summary>True to show the summed durations.</summary>
    public bool CounterLatencies { get; init; } = true;

    /// <summary>True to show the histogram of first responses.</summary>
    public bool HistogramLatencies { get; init; }

    /// <summary>True to show the summaries of durations.</summary>
    public bool SummaryLatencies { get; init; }

    /// <summary>The quantiles of the summaries.</summary>
    public ImmutableArray<QuantileTarget> SummaryQuantiles { get; init; } = DefaultQuantiles;

    /// <summary>True to show the histograms of the times of requests and of their parts.</summary>
    public bool Durations { get; init; } = true;

    /// <summary>The bounds of those histograms, in milliseconds.</summary>
    public ImmutableArray<double> DurationBounds { get; init; } = RequestDurations.DefaultBounds;

    /// <summary>True to show the namespaces of models beside their plain names.</summary>
    public bool UsesNamespaces { get; init; }

    /// <summary>True to show the load of the machine's processors and memory.</summary>
    public bool CpuMetrics { get; init; } = true;

    /// <summary>True to show the machine's GPUs.</summary>
    public bool GpuMetrics { get; init; } = true;

    /// <summary>How old the machine's gauges may be.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What the core must measure for it.</summary>
    public TelemetryOptions Telemetry => new() { HasDurations = Durations, DurationBounds = DurationBounds, HasHistograms = HistogramLatencies, SummaryQuantiles = SummaryLatencies ? SummaryQuantiles : [] };
}
