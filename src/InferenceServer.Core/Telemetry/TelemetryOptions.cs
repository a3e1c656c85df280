using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Telemetry;

/// <summary>What is measured of each version beside its counters. Each costs something on the request path and so is off by default.</summary>
public sealed record TelemetryOptions
{
    /// <summary>True to keep a histogram of the times to the first response.</summary>
    public bool HasHistograms { get; init; }

    /// <summary>True to keep histograms of the times of requests and of their parts.</summary>
    public bool HasDurations { get; init; }

    /// <summary>The bounds of those histograms for models that choose none, in milliseconds.</summary>
    public ImmutableArray<double> DurationBounds { get; init; } = RequestDurations.DefaultBounds;

    /// <summary>Where what is measured is told beside the counters.</summary>
    public ServerMeter? Meter { get; init; }

    /// <summary>The quantiles to estimate of the durations of requests and their parts; empty for none.</summary>
    public ImmutableArray<QuantileTarget> SummaryQuantiles { get; init; } = [];

    /// <summary>The counters of one version at 0, with what else is to be measured of it.</summary>
    internal ModelStatistics MakeStatistics(ModelConfig config, long version, BackendDescriptor backend, TimeProvider time, bool keepsResponses = false) => new(config.IsDecoupled && backend.ReportsResponses)
    {
        FirstResponses = HasHistograms ? new LatencyHistogram(config.FirstResponseBounds) : null,
        Durations = HasDurations ? new RequestDurations(config.DurationBounds.IsDefault ? DurationBounds : config.DurationBounds, Meter ?? ServerMeter.Unheard, config.Name, version) : null,
        Summaries = SummaryQuantiles.IsEmpty ? null : new LatencySummaries(SummaryQuantiles, time, keepsResponses),
    };
}
