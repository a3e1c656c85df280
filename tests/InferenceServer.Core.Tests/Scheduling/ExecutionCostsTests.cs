using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

public sealed class ExecutionCostsTests
{
    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 100)]
    [InlineData(4, 200)]
    [InlineData(6, 300)]
    [InlineData(8, 400)]
    [InlineData(16, 800)]
    [InlineData(100_000, 5_000_000)]
    public void Mean_BetweenWhatIsKnown_LiesOnTheLine(int rows, double expected)
    {
        var costs = new ExecutionCosts();
        costs.Record(2, 100);
        costs.Record(8, 400);
        Assert.Equal(expected, costs.Mean(rows), 1e-6);
    }

    [Fact]
    public void NothingRun_CostsNothing() => Assert.Equal((true, 0.0, 0.0), (new ExecutionCosts().IsEmpty, new ExecutionCosts().Mean(3), new ExecutionCosts().Most(3)));

    [Fact]
    public void Mean_FollowsWhatIsMeasuredAndMostCoversItsSpread()
    {
        var costs = new ExecutionCosts();
        for (var i = 0; i < 200; i++)
        {
            costs.Record(4, i % 2 == 0 ? 900 : 1100);
        }

        Assert.InRange(costs.Mean(4), 950, 1050);
        Assert.InRange(costs.Most(4), 1100, 1400);
        for (var i = 0; i < 60; i++)
        {
            costs.Record(4, 100);
        }

        Assert.InRange(costs.Mean(4), 100, 110);
    }

    [Theory]

    // rows ahead, most rows, lanes, until the first is free, own rows -> wait, end; a batch of 1 costs 100, of 8 costs 240 (and each size between its part of that); a batch ahead is taken to be off by a fifth.
    [InlineData(0, 8, 1, 50, 1, 50, 150)]
    [InlineData(3, 8, 1, 0, 1, 0, 160)]
    [InlineData(8, 8, 1, 10, 1, 250, 398)]
    [InlineData(16, 8, 1, 0, 8, 480, 816)]
    [InlineData(16, 8, 2, 0, 8, 240, 528)]
    [InlineData(7, 8, 1, 0, 8, 0, 240)]
    public void Forecast_ReckonsWithTheBatchesAhead(long ahead, int maxRows, int lanes, long free, int rows, long wait, long end)
    {
        var costs = new ExecutionCosts();
        for (var i = 0; i < 200; i++)
        {
            costs.Record(1, 100);
            costs.Record(8, 240);
        }

        var forecast = AdmissionForecast.Of(new AdmissionView { RowsAhead = ahead, MaxRows = maxRows, Lanes = lanes, FirstFreeTicks = free }, costs, rows);
        Assert.Equal((wait, end), (forecast.WaitTicks, forecast.EndTicks));
    }

    /// <summary>A lane that is never idle is judged for long by what has been seen before: the first requests, which find code that is not compiled yet, and those that found the processors busy, say little.</summary>
    [Theory]
    [InlineData(3000, 50, 60, 50, 52)]
    [InlineData(40, 50, 10_000, 50, 70)]
    public void Hop_IsWhatIsUsual(long first, long second, long third, double least, double most)
    {
        var costs = new ExecutionCosts { UsualHop = 500 };
        Assert.Equal(500, costs.HopOrUsual);

        costs.RecordHop(first);
        Assert.Equal(first, costs.HopOrUsual);
        for (var i = 0; i < 20; i++)
        {
            costs.RecordHop(second);
            costs.RecordHop(50);
        }

        costs.RecordHop(third);

        Assert.InRange(costs.Hop, least, most);
    }

    /// <summary>Now and then the system takes the processor from a thread that runs a small model; that says nothing of the next execution.</summary>
    [Fact]
    public void Usual_IsHardlyMovedByWhatWasHeldUp()
    {
        var costs = new ExecutionCosts();
        for (var i = 0; i < 200; i++)
        {
            costs.Record(1, i % 25 == 0 ? 20_000 : 40);
            Assert.InRange(costs.Usual(1).Most, 40, i == 0 ? 40_000 : 100);
        }

        Assert.True(costs.Most(1) > 1_000);
    }

    [Fact]
    public void Usual_FollowsAModelThatHasBecomeSlow()
    {
        var costs = new ExecutionCosts();
        for (var i = 0; i < 80; i++)
        {
            costs.Record(3, i < 20 ? 40 : 4_000);
        }

        Assert.InRange(costs.Usual(3).Mean, 3_500, 4_000);
        Assert.Equal(0, costs.Usual(2).Mean);
    }

    [Fact]
    public void Hop_FollowsWhatHasChanged()
    {
        var costs = new ExecutionCosts();
        for (var i = 0; i < 80; i++)
        {
            costs.RecordHop(i < 20 ? 50 : 400);
        }

        Assert.InRange(costs.Hop, 390, 400);
    }

    [Fact]
    public void Forecast_ReckonsWithPausesBetweenBatches()
    {
        var costs = new ExecutionCosts();
        for (var i = 0; i < 200; i++)
        {
            costs.Record(4, 100);
            costs.RecordPause(10);
        }

        var forecast = AdmissionForecast.Of(new AdmissionView { RowsAhead = 20, MaxRows = 4, Lanes = 1, FirstFreeTicks = 30 }, costs, 4);
        Assert.InRange(forecast.WaitTicks, 579, 580);
        Assert.InRange(forecast.EndTicks, 779, 780);
    }

    [Fact]
    public void Forecast_OfManyBatchesIsLessSureThanOfOne()
    {
        var costs = new ExecutionCosts();
        for (var i = 0; i < 200; i++)
        {
            costs.Record(4, i % 2 == 0 ? 90 : 110);
        }

        var spread = costs.Spread(4);
        Assert.InRange(spread, 25, 40);
        Assert.Equal(spread * Math.Sqrt(2), Margin(0), 1.0);
        Assert.Equal((spread * Math.Sqrt(2)) + (9 * costs.Mean(4) / 5), Margin(9), 1.0);

        double Margin(int batches)
        {
            var forecast = AdmissionForecast.Of(new AdmissionView { RowsAhead = batches * 4, MaxRows = 4, Lanes = 1, FirstFreeTicks = 0 }, costs, 4);
            return forecast.EndTicks - forecast.WaitTicks - costs.Mean(4);
        }
    }
}
