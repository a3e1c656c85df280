using System.Collections.Immutable;
using InferenceServer.Core.Configuration.Rules;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>The metrics of a message that has been checked.</summary>
internal static class MetricSettings
{
    /// <summary>The bounds of the histogram of first responses: the message's, or those of every model.</summary>
    public static ImmutableArray<double> FirstResponseBounds(global::Inference.ModelConfig message)
    {
        return Find(message, ModelMetricsRule.FirstResponseFamily) is { } control ? [.. control.HistogramOptions.Buckets] : LatencyHistogram.DefaultBounds;
    }

    /// <summary>The bounds of the histograms of requests' times, in milliseconds: the message's, which are in seconds; default when it has none.</summary>
    public static ImmutableArray<double> DurationBounds(global::Inference.ModelConfig message) =>
        Find(message, ModelMetricsRule.DurationFamily) is { } control ? [.. control.HistogramOptions.Buckets.Select(static seconds => seconds * 1000)] : default;

    private static global::Inference.ModelMetrics.Types.MetricControl? Find(global::Inference.ModelConfig message, string family) =>
        message.ModelMetrics?.MetricControl.FirstOrDefault(control => control.MetricIdentifier.Family == family);
}
