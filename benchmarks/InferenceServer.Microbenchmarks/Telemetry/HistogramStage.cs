using InferenceServer.Core.Telemetry;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Telemetry;

/// <summary>One duration in a histogram.</summary>
internal sealed class HistogramStage : IStage
{
    private static readonly TimeSpan s_duration = TimeSpan.FromMilliseconds(3);

    private readonly LatencyHistogram _histogram = new(RequestDurations.DefaultBounds);

    public void Run() => _histogram.Observe(s_duration);
}
