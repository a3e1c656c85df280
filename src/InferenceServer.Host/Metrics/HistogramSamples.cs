using InferenceServer.Core.Observation;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Host.Metrics;

/// <summary>Writes histograms as the format of Prometheus has them: each bucket counts what the ones before it do too.</summary>
internal static class HistogramSamples
{
    private const double SecondsPerMillisecond = 0.001;

    /// <param name="text">Where to.</param>
    /// <param name="name">The family.</param>
    /// <param name="labels">The labels of its samples.</param>
    /// <param name="histogram">The histogram.</param>
    /// <param name="unitsPerMillisecond">What a millisecond is in the unit of the family.</param>
    public static void Write(MetricsText text, string name, string labels, LatencyHistogram histogram, double unitsPerMillisecond)
    {
        var counts = histogram.ReadCounts();
        var sum = histogram.Sum;
        var below = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            below += counts[i];
            Bucket(text, name, labels, i < histogram.Bounds.Length ? Scale(histogram.Bounds[i], unitsPerMillisecond) : double.PositiveInfinity, below);
        }

        text.Sample(name + "_sum", labels, sum.TotalMilliseconds * unitsPerMillisecond);
        text.Sample(name + "_count", labels, below);
    }

    /// <summary>As <see cref="Write"/>, in seconds.</summary>
    public static void WriteSeconds(MetricsText text, string name, string labels, LatencyHistogram histogram) => Write(text, name, labels, histogram, SecondsPerMillisecond);

    public static void WriteRequests(MetricsText text, ShownModel shown) =>
        WriteDurations(shown, (labels, durations) => WriteSeconds(text, "inference_server_request_duration_seconds", labels, durations.Request));

    public static void WritePhases(MetricsText text, ShownModel shown) => WriteDurations(shown, (labels, durations) =>
    {
        foreach (var phase in RequestPhases.All)
        {
            WriteSeconds(text, "inference_server_request_phase_duration_seconds", $"{labels},{MetricsText.Label("phase", RequestPhases.NameOf(phase))}", durations.Of(phase));
        }
    });

    /// <summary>The buckets are the powers of two up to the most rows that the model takes: what is counted exactly needs no bounds of anybody's choice.</summary>
    public static void WriteBatchSizes(MetricsText text, ShownModel shown)
    {
        const string Name = "inference_server_batch_size";
        var counts = shown.Model.Statistics.ReadBatchSizes();
        var largest = Math.Max(1, shown.Model.Config.MaxBatchSize);
        for (var bound = 1L; ; bound = Math.Min(bound * 2, largest))
        {
            Bucket(text, Name, shown.Labels, bound, counts.Where(count => count.Key <= bound).Sum(static count => count.Value));
            if (bound == largest)
            {
                break;
            }
        }

        var all = counts.Sum(static count => count.Value);
        Bucket(text, Name, shown.Labels, double.PositiveInfinity, all);
        text.Sample(Name + "_sum", shown.Labels, counts.Sum(static count => count.Key * count.Value));
        text.Sample(Name + "_count", shown.Labels, all);
    }

    private static void WriteDurations(ShownModel shown, Action<string, ProtocolDurations> write)
    {
        foreach (var protocol in RequestProtocols.All)
        {
            if (shown.Model.Statistics.Durations?.Find(protocol) is { } durations)
            {
                write($"{shown.Labels},{MetricsText.Label("protocol", RequestProtocols.NameOf(protocol))}", durations);
            }
        }
    }

    /// <summary>Whoever writes 0.1 in a configuration is to find 0.1 again.</summary>
    private static double Scale(double bound, double factor) => factor == SecondsPerMillisecond ? (double)((decimal)bound / 1000) : bound * factor;

    private static void Bucket(MetricsText text, string name, string labels, double bound, long count) =>
        text.Sample(name + "_bucket", $"{labels},{MetricsText.Label("le", MetricsText.Number(bound))}", count);
}
