using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

public sealed class LaneGrowthTests
{
    private const long Second = 1_000_000;
    private const long Execution = 10_000;

    private readonly ExecutionCosts _costs = new();
    private long _now;
    private double _level;
    private int _left;

    public LaneGrowthTests()
    {
        _costs.RecordHop(20);
        _costs.Record(1, Execution);
    }

    [Theory]
    [InlineData(8, new[] { 1, 2, 4, 8 })]
    [InlineData(6, new[] { 1, 2, 4, 6 })]
    [InlineData(2, new[] { 1, 2 })]
    public void MoreGetMoreDone_DoublesUpToTheEnd(int most, int[] expected)
    {
        var growth = Make(most);

        var settled = Run(growth, Seconds(30), static lanes => lanes);

        Assert.Equal(expected, settled);
        Assert.Equal(most, growth.Lanes);
    }

    [Fact]
    public void MoreBringNothing_StaysAndLooksAgainLater()
    {
        var growth = Make(8);

        Assert.Equal([1], Run(growth, Seconds(30), static _ => 1));
        Assert.Equal(1, growth.Wanted);

        // Within the first minute nothing is tried any more, whatever has changed.
        Assert.Equal([1], Run(growth, Seconds(20), static lanes => lanes));
        Assert.Equal([1, 2, 4, 8], Run(growth, Seconds(60), static lanes => lanes));
    }

    /// <summary>Up to four of them there is something to gain.</summary>
    [Fact]
    public void OneStepTooFar_GoesBack()
    {
        var growth = Make(16);

        Assert.Equal([1, 2, 4], Run(growth, Seconds(50), static lanes => Math.Min(lanes, 4)));
        Assert.Equal(4, growth.Lanes);
    }

    /// <summary>As when clients become so many that one execution of all of them at once does better.</summary>
    [Fact]
    public void FewerDoAsWellLater_GoesBackToThem()
    {
        var growth = Make(4);
        Assert.Equal([1, 2, 4], Run(growth, Seconds(30), static lanes => lanes));

        Run(growth, Seconds(1_000), static _ => 1);

        Assert.Equal(1, growth.Lanes);
    }

    [Fact]
    public void NobodyWaits_NothingIsTried()
    {
        var growth = Make(8);

        for (var i = 0; i < 10_000; i++)
        {
            _now += Execution;
            growth.OnEnd(1, others: 0, isSteady: true, _now);
        }

        Assert.Equal((1, 1), (growth.Lanes, growth.Wanted));
    }

    [Fact]
    public void SizesAreAboutToChange_NothingIsTried()
    {
        var growth = Make(8);

        for (var i = 0; i < 10_000; i++)
        {
            _now += Execution;
            growth.OnEnd(1, others: 10, isSteady: false, _now);
        }

        Assert.Equal((1, 1), (growth.Lanes, growth.Wanted));
    }

    [Fact]
    public void LoadThatEndsMeanwhile_LeavesAsManyAsThereWere()
    {
        var growth = Make(8);
        while (growth.Lanes == 1)
        {
            growth.Made = growth.Wanted;
            _now += Execution;
            growth.OnEnd(1, others: 10, isSteady: true, _now);
        }

        for (var i = 0; i < 20; i++)
        {
            _now += Execution;
            growth.OnEnd(1, others: 0, isSteady: true, _now);
        }

        Assert.Equal((1, 1), (growth.Lanes, growth.Wanted));
    }

    [Fact]
    public void LaneThatCannotBeMade_EndsIt()
    {
        var growth = Make(8);
        while (growth.Wanted == 1)
        {
            _now += Execution;
            growth.OnEnd(1, others: 10, isSteady: true, _now);
        }

        growth.Stop();

        Assert.Equal([1], Run(growth, Seconds(300), static lanes => lanes));
        Assert.Equal(1, growth.Wanted);
    }

    /// <summary>A model of long rows: one by one twice as many executions get more done, in company they do not.</summary>
    [Fact]
    public void MoreGetMoreDoneOneByOne_RunSo()
    {
        var growth = Make(2);

        Assert.Equal([1, 2], Run(growth, Seconds(30), lanes => growth.IsSingle ? 1.4 : 1));
        Assert.True(growth.IsSingle);
    }

    /// <summary>The other way round: both are tried, one by one first.</summary>
    [Fact]
    public void MoreGetMoreDoneInCompany_RunSo()
    {
        var growth = Make(2);
        var hasTriedSingle = false;

        Assert.Equal([1, 2], Run(growth, Seconds(30), lanes => (hasTriedSingle |= growth.IsSingle) && growth.IsSingle ? 0.5 : lanes));
        Assert.True(hasTriedSingle);
        Assert.False(growth.IsSingle);
    }

    [Fact]
    public void NeitherGetsMoreDone_OneRunsInCompany()
    {
        var growth = Make(2);

        Assert.Equal([1], Run(growth, Seconds(40), _ => growth.IsSingle ? 0.9 : 1));
        Assert.False(growth.IsSingle);
    }

    /// <summary>Rows that take little are not run one by one.</summary>
    [Fact]
    public void RowsOfLittleWork_AreTriedInCompanyOnly()
    {
        _costs.RecordHop(100_000);
        var growth = Make(2);
        var hasTriedSingle = false;

        Assert.Equal([1, 2], Run(growth, Seconds(30), lanes => (hasTriedSingle |= growth.IsSingle) ? 2 : lanes));
        Assert.False(hasTriedSingle);
    }

    /// <summary>What else the machine does comes and goes, in either direction by a third: it seldom looks like a gain, and seldom hides one.</summary>
    [Fact]
    public void Noise_SeldomDecides()
    {
        var (wrong, right) = (0, 0);
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            wrong += Run(Make(2), Seconds(20), _ => 1 + Noise(random)).Contains(2) ? 1 : 0;
            right += Run(Make(2), Seconds(20), lanes => (lanes == 2 ? 1.4 : 1) + Noise(random)).Contains(2) ? 1 : 0;
        }

        Assert.InRange(wrong, 0, 20);
        Assert.InRange(right, 190, 200);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(50, false)]
    public void IsWork_TakesLongerThanHandingItOver(long execution, bool expected)
    {
        var costs = new ExecutionCosts();
        var growth = new LaneGrowth(1, 2, costs, Second);
        Assert.False(growth.IsWork(1));
        costs.RecordHop(20);
        costs.Record(1, execution);

        Assert.Equal(expected, growth.IsWork(1));
    }

    private static long Seconds(int seconds) => seconds * Second;

    // For a quarter of a second at a time, as neighbours are.
    private double Noise(Random random)
    {
        if (_left-- <= 0)
        {
            _left = 25;
            _level = (random.NextDouble() - 0.5) * 0.6;
        }

        return _level;
    }

    private LaneGrowth Make(int most) => new(1, most, _costs, Second);

    /// <summary>A load that never ends: with so many lanes so many times as much gets done.</summary>
    /// <returns>What it settled on, one after the other.</returns>
    private List<int> Run(LaneGrowth growth, long ticks, Func<int, double> speed)
    {
        List<int> settled = [growth.Lanes];
        for (var until = _now + ticks; _now < until;)
        {
            growth.Made = Math.Max(growth.Made, growth.Wanted);
            _now += (long)(Execution / speed(growth.Lanes));
            growth.OnEnd(1, others: 50, isSteady: true, _now);
            if (!growth.IsTrying && settled[^1] != growth.Lanes)
            {
                settled.Add(growth.Lanes);
            }
        }

        return settled;
    }
}
