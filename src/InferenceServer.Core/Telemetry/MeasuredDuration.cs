using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace InferenceServer.Core.Telemetry;

/// <summary>One duration that is measured: as a histogram for Prometheus, and where somebody listens as a measurement of a .NET meter. Neither takes a lock or memory.</summary>
internal sealed class MeasuredDuration(ImmutableArray<double> bounds, Histogram<double> instrument, KeyValuePair<string, object?>[] tags)
{
    public LatencyHistogram Histogram { get; } = new(bounds);

    public void Observe(TimeSpan duration)
    {
        Histogram.Observe(duration);
        if (instrument.Enabled)
        {
            instrument.Record(duration.TotalSeconds, tags);
        }
    }
}
