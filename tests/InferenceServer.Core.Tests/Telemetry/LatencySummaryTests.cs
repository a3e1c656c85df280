using InferenceServer.Core.Telemetry;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Telemetry;

public sealed class LatencySummaryTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LatencySummary _summary;

    public LatencySummaryTests() => _summary = new LatencySummary([new(0.5, 0.05), new(0.99, 0.001)], _time);

    [Fact]
    public void Read_DurationsOfNow_AreCountedSummedAndEstimatedInMicroseconds()
    {
        for (var i = 1; i <= 100; i++)
        {
            _summary.Observe(TimeSpan.FromMicroseconds(i));
        }

        var (total, quantiles) = _summary.Read();

        Assert.Equal(new CountedDuration(100, TimeSpan.FromMicroseconds(5050)), total);
        Assert.InRange(quantiles[0], 45, 55);
        Assert.InRange(quantiles[1], 98, 100);
    }

    [Fact]
    public void Read_DurationsOfLongAgo_AreCountedButEstimatedNoMore()
    {
        _summary.Observe(TimeSpan.FromSeconds(9));
        _time.Advance(TimeSpan.FromSeconds(30));
        _summary.Observe(TimeSpan.FromSeconds(1));
        Assert.InRange(_summary.Read().Quantiles[1], 1_000_000, 9_000_000);

        _time.Advance(TimeSpan.FromSeconds(32));
        Assert.Equal(1_000_000, _summary.Read().Quantiles[1]);

        _time.Advance(LatencySummary.Window);
        var (total, quantiles) = _summary.Read();
        Assert.All(quantiles, static quantile => Assert.Equal(double.NaN, quantile));
        Assert.Equal(new CountedDuration(2, TimeSpan.FromSeconds(10)), total);

        _time.Advance(TimeSpan.FromDays(1));
        _summary.Observe(TimeSpan.FromSeconds(2));
        Assert.Equal(2_000_000, _summary.Read().Quantiles[0]);
    }
}
