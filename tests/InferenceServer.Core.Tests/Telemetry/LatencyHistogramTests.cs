using InferenceServer.Core.Telemetry;
using Xunit;

namespace InferenceServer.Core.Tests.Telemetry;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Observe_Durations_FallIntoTheFirstBucketThatHoldsThem()
    {
        var histogram = new LatencyHistogram([0.5, 10, 100]);
        foreach (var milliseconds in new[] { 0.2, 0.5, 0.6, 10, 99.9, 100.1, 5000 })
        {
            histogram.Observe(TimeSpan.FromMilliseconds(milliseconds));
        }

        Assert.Equal([2, 2, 1, 2], histogram.ReadCounts());
        Assert.Equal(5211.3, histogram.Sum.TotalMilliseconds, 6);
    }

    [Fact]
    public void Observe_Anything_AllocatesNothing()
    {
        var histogram = new LatencyHistogram(LatencyHistogram.DefaultBounds);
        histogram.Observe(TimeSpan.FromSeconds(1));

        var before = GC.GetAllocatedBytesForCurrentThread();
        histogram.Observe(TimeSpan.FromSeconds(1));
        histogram.Observe(TimeSpan.FromHours(1));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
