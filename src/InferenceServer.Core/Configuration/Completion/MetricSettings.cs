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
        var control = message.ModelMetrics?.MetricControl.FirstOrDefault(static control => control.MetricIdentifier.Family == ModelMetricsRule.FirstResponseFamily);
        return control is null ? LatencyHistogram.DefaultBounds : [.. control.HistogramOptions.Buckets];
    }
}
