using InferenceServer.Bench.Load;
using Xunit;

namespace InferenceServer.Bench.Tests.Load;

public sealed class LatencyFiguresTests
{
    [Fact]
    public void At_OneToAThousandMilliseconds_HasThreeDigits()
    {
        var figures = Of(Enumerable.Range(1, 1000).Select(static i => (double)i));

        Assert.InRange(figures.At(50), 499.5, 500.5);
        Assert.InRange(figures.At(99), 989, 991);
        Assert.InRange(figures.At(99.9), 998, 1000);
        Assert.InRange(figures.Max, 999, 1001);
        Assert.InRange(figures.Mean, 500, 501);
    }

    [Fact]
    public void At_Nothing_IsZero()
    {
        Assert.Equal(0, Of([]).At(99));
        Assert.Equal(0, Of([]).Mean);
        Assert.Empty(Of([]).Distribution());
    }

    [Fact]
    public void Distribution_GoesOnUntilTheLastRequest()
    {
        var points = Of(Enumerable.Range(1, 10_000).Select(static i => i / 10.0)).Distribution();

        Assert.Equal(0, points[0].Percentile);
        Assert.Equal(100, points[^1].Percentile);
        Assert.InRange(points[^2].Percentile, 99.985, 100);
        Assert.True(points.Zip(points.Skip(1)).All(static pair => pair.First.Percentile < pair.Second.Percentile && pair.First.Milliseconds <= pair.Second.Milliseconds));
    }

    private static LatencyFigures Of(IEnumerable<double> milliseconds)
    {
        var histogram = LatencyHistogram.Make();
        foreach (var value in milliseconds)
        {
            LatencyHistogram.Record(histogram, TimeSpan.FromMilliseconds(value));
        }

        return new LatencyFigures(histogram);
    }
}
