using InferenceServer.Bench.Charts;
using Xunit;

namespace InferenceServer.Bench.Tests.Charts;

public sealed class ChartAxisTests
{
    [Theory]
    [InlineData(new double[] { 3, 47 }, "0 10 20 30 40 50")]
    [InlineData(new double[] { 23000 }, "0 5000 10 k 15 k 20 k 25 k")]
    [InlineData(new double[] { 0.5 }, "0 0.1 0.2 0.3 0.4 0.5")]
    [InlineData(new double[] { }, "0 0.2 0.4 0.6 0.8 1")]
    public void Linear_HasRoundTicksFromZeroOn(double[] values, string ticks)
    {
        var axis = ChartAxis.Linear("x", values);

        Assert.Equal(ticks, string.Join(' ', axis.Ticks.Select(static tick => tick.Text)));
        Assert.Equal(0, axis.Position(0));
        Assert.Equal(1, axis.Position(axis.Ticks[^1].Value));
    }

    [Fact]
    public void Times_FarApart_GoByPowersOfTen()
    {
        var axis = ChartAxis.Times("y", [0.03, 40]);

        Assert.Equal(["0.01", "0.1", "1", "10", "100"], axis.Ticks.Select(static tick => tick.Text));
        Assert.Equal(0.5, axis.Position(1), 9);
        Assert.Equal(0, axis.Position(0));
    }

    [Fact]
    public void Times_CloseTogether_GoFromZero() => Assert.Equal("0", ChartAxis.Times("y", [1, 2, 3]).Ticks[0].Text);

    [Fact]
    public void Percentiles_EachNineTakesTheSameSpace()
    {
        var axis = ChartAxis.Percentiles("p", 99.95);

        Assert.Equal(["0", "50", "90", "99", "99.9", "99.99"], axis.Ticks.Select(static tick => tick.Text));
        Assert.Equal(0.25, axis.Position(90), 6);
        Assert.Equal(0.5, axis.Position(99), 6);
        Assert.Equal(1, axis.Position(100), 6);
    }

    [Fact]
    public void Names_Many_AreNotAllWritten() => Assert.InRange(ChartAxis.Names("x", [.. Enumerable.Range(0, 200).Select(static i => $"{i}")]).Ticks.Count, 5, 12);
}
