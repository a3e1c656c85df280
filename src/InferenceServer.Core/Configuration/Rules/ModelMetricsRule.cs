namespace InferenceServer.Core.Configuration.Rules;

/// <summary>What a model sets of its metrics: the buckets of the families that have some.</summary>
internal sealed class ModelMetricsRule : IConfigRule
{
    /// <summary>The histogram whose buckets a model may choose, by the name that Triton gives it.</summary>
    public const string FirstResponseFamily = "nv_inference_first_response_histogram_ms";

    /// <summary>The histograms of requests' times and of their parts, by the name of the first.</summary>
    public const string DurationFamily = "inference_server_request_duration_seconds";

    /// <summary>The most buckets: each is a series of every version.</summary>
    public const int MaxBuckets = 100;

    public void Check(RuleContext context)
    {
        var controls = context.Message.ModelMetrics?.MetricControl ?? [];
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < controls.Count; i++)
        {
            var control = controls[i];
            var path = DeclaredTensor.PathOf("model_metrics.metric_control", i);
            if (control.MetricIdentifier is not { Family.Length: > 0 })
            {
                context.Error($"{path}.metric_identifier", $"{path} names no family of metrics", $"write metric_identifier {{ family: \"{FirstResponseFamily}\" }}");
            }
            else if (control.MetricIdentifier.Family is not (FirstResponseFamily or DurationFamily))
            {
                context.Warn($"{path}.metric_identifier.family", $"family '{control.MetricIdentifier.Family}' has no effect: only the buckets of {FirstResponseFamily} and {DurationFamily} can be set");
            }
            else if (!seen.TryAdd(control.MetricIdentifier.Family, i))
            {
                context.Error($"{path}.metric_identifier.family", FormattableString.Invariant($"the buckets of {control.MetricIdentifier.Family} are set by metric_control[{seen[control.MetricIdentifier.Family]}] already"));
            }

            CheckBuckets(context, control, path);
        }
    }

    private static void CheckBuckets(RuleContext context, global::Inference.ModelMetrics.Types.MetricControl control, string path)
    {
        var buckets = control.HistogramOptions?.Buckets ?? [];
        if (buckets.Count == 0)
        {
            context.Error($"{path}.histogram_options", $"{path} must specify non-empty 'buckets'", "write histogram_options { buckets: [ 100, 500, 2000, 5000 ] }, in milliseconds");
            return;
        }

        var place = $"{path}.histogram_options.buckets";
        if (buckets.Count > MaxBuckets)
        {
            context.Error(place, FormattableString.Invariant($"{path} has {buckets.Count} buckets; this server takes at most {MaxBuckets}"));
        }

        for (var i = 0; i < buckets.Count; i++)
        {
            if (!double.IsFinite(buckets[i]) || (i > 0 && buckets[i] <= buckets[i - 1]))
            {
                context.Error(DeclaredTensor.PathOf(place, i), FormattableString.Invariant($"buckets must be numbers that ascend, found {buckets[i]}{(i > 0 ? FormattableString.Invariant($" after {buckets[i - 1]}") : "")}"));
                return;
            }
        }
    }
}
