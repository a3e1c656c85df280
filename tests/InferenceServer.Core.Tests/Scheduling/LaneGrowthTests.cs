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
    private int _others = 50;
    private int _asked;
    private bool _isReady = true;

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
        Assert.Equal(most, growth.Now.Lanes);
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
        Assert.Equal(4, growth.Now.Lanes);
    }

    /// <summary>As when clients become so many that one execution of all of them at once does better.</summary>
    [Fact]
    public void FewerDoAsWellLater_GoesBackToThem()
    {
        var growth = Make(4);
        Assert.Equal([1, 2, 4], Run(growth, Seconds(30), static lanes => lanes));

        Run(growth, Seconds(1_000), static _ => 1);

        Assert.Equal(1, growth.Now.Lanes);
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

        Assert.Equal((1, 1), (growth.Now.Lanes, growth.Wanted));
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

        Assert.Equal((1, 1), (growth.Now.Lanes, growth.Wanted));
    }

    [Fact]
    public void LoadThatEndsMeanwhile_LeavesAsManyAsThereWere()
    {
        var growth = Make(8);
        while (growth.Now.Lanes == 1)
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

        Assert.Equal((1, 1), (growth.Now.Lanes, growth.Wanted));
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

        Assert.Equal([1, 2], Run(growth, Seconds(30), lanes => growth.Now.IsSingle ? 1.4 : 1));
        Assert.True(growth.Now.IsSingle);
    }

    /// <summary>The other way round: both are tried, one by one first.</summary>
    [Fact]
    public void MoreGetMoreDoneInCompany_RunSo()
    {
        var growth = Make(2);
        var hasTriedSingle = false;

        Assert.Equal([1, 2], Run(growth, Seconds(30), lanes => (hasTriedSingle |= growth.Now.IsSingle) && growth.Now.IsSingle ? 0.5 : lanes));
        Assert.True(hasTriedSingle);
        Assert.False(growth.Now.IsSingle);
    }

    [Fact]
    public void NeitherGetsMoreDone_OneRunsInCompany()
    {
        var growth = Make(2);

        Assert.Equal([1], Run(growth, Seconds(40), _ => growth.Now.IsSingle ? 0.9 : 1));
        Assert.False(growth.Now.IsSingle);
    }

    /// <summary>Rows that take little are not run one by one.</summary>
    [Fact]
    public void RowsOfLittleWork_AreTriedInCompanyOnly()
    {
        for (var i = 0; i < 200; i++)
        {
            _costs.RecordHop(100_000);
        }

        var growth = Make(2);
        var hasTriedSingle = false;

        Assert.Equal([1, 2], Run(growth, Seconds(30), lanes => (hasTriedSingle |= growth.Now.IsSingle) ? 2 : lanes));
        Assert.False(hasTriedSingle);
    }

    /// <summary>A row alone takes long where every execution reads the weights; that is no reason to run all of them alone.</summary>
    [Fact]
    public void RowsThatCostLittleInCompany_AreNotRunOneByOne()
    {
        _costs.Record(63, Execution);
        var growth = Make(2, mayUseOneThread: true);
        var hasTriedSingle = false;
        for (var until = _now + Seconds(30); _now < until;)
        {
            foreach (var rows in (int[])[63, 1])
            {
                growth.Made = Math.Max(growth.Made, growth.Wanted);
                growth.OnReady(isReady: true, _now);
                _now += Execution;
                growth.OnEnd(rows, others: 63, isSteady: true, _now);
                hasTriedSingle |= growth.Now.IsSingle;
            }
        }

        Assert.Equal(new LaneWay(1), growth.Settled);
        Assert.NotNull(growth.Found);
        Assert.False(hasTriedSingle);
    }

    /// <summary>One lane that takes what there is, or waits for all there is.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GatheringGetsMoreDone_IsRunSo(bool mayUseOneThread)
    {
        var growth = Make(2, mayUseOneThread);
        growth.MayGather = true;

        Assert.Equal([1], Run(growth, Seconds(40), _ => growth.Now.IsGathering ? 1.2 : 1));

        Assert.Equal(new LaneWay(1, IsGathering: true), growth.Now);
        Assert.False(growth.IsTrying);
    }

    [Fact]
    public void GatheringBringsNothing_IsNotRunSo()
    {
        var growth = Make(2);
        growth.MayGather = true;
        var hasTried = false;

        Run(growth, Seconds(40), _ => (hasTried |= growth.Now.IsGathering) ? 1 : 1);

        Assert.True(hasTried);
        Assert.Equal(new LaneWay(1), growth.Now);
    }

    [Fact]
    public void GatheringBringsNothingLater_IsGivenUp()
    {
        var growth = Make(2);
        growth.MayGather = true;
        Run(growth, Seconds(40), _ => growth.Now.IsGathering ? 1.2 : 1);
        Assert.True(growth.Now.IsGathering);

        Run(growth, Seconds(100), _ => growth.Now.IsGathering ? 0.9 : 1);

        Assert.Equal(new LaneWay(1), growth.Settled);
    }

    /// <summary>Clients that do not wait for their answers have taken the place of those that do: they are not waited for, and when there are others again, those are.</summary>
    [Fact]
    public void ThoseWhoAreWaitedForDoNotCome_IsNotRunSoUntilItIsLookedAtAgain()
    {
        var growth = Make(2);
        growth.MayGather = true;
        Run(growth, Seconds(40), _ => growth.Now.IsGathering ? 1.2 : 1);
        Assert.True(growth.Now.IsGathering);

        growth.EndGathering(_now);

        Assert.Equal(new LaneWay(1), growth.Now);
        Assert.Equal(new LaneFinding(new LaneWay(1), new LaneWay(1, IsGathering: true), Ratio: null, IsMoreBetter: false), growth.Found);
        Run(growth, Seconds(10), _ => growth.Now.IsGathering ? 1.2 : 1);
        Assert.Equal(new LaneWay(1), growth.Now);
        Run(growth, Seconds(90), _ => growth.Now.IsGathering ? 1.2 : 1);
        Assert.True(growth.Settled.IsGathering);
    }

    /// <summary>A trial is ended by what it finds.</summary>
    [Fact]
    public void ThoseWhoAreWaitedForDoNotComeInATrial_GoesOn()
    {
        var growth = Make(2);
        growth.MayGather = true;
        var ended = 0;

        Run(growth, Seconds(40), _ =>
        {
            if (growth is { IsTrying: true, Now.IsGathering: true })
            {
                growth.EndGathering(_now);
                ended++;
            }

            return growth.Now.IsGathering ? 1.2 : 1;
        });

        Assert.True(ended > 0);
        Assert.True(growth.Settled.IsGathering);
    }

    /// <summary>Where executions have not grown, or several lanes run them, nobody is waited for.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public void NothingToGatherFor_IsNotTried(bool mayGather, double byTwo)
    {
        var growth = Make(2);
        growth.MayGather = mayGather;
        var hasTried = false;

        Run(growth, Seconds(40), lanes => (hasTried |= growth.Now.IsGathering) || lanes == 1 ? 1 : byTwo);

        Assert.False(hasTried);
    }

    /// <summary>Whether more lanes with threads of the engine's were found to pay before, or not.</summary>
    [Theory]
    [InlineData(1.4, 1.5, new[] { 1, 2, 4 })]
    [InlineData(1, 1.2, new[] { 1, 4 })]
    public void OneThreadEachGetsMoreDone_RunsSo(double byTwo, double byOneThread, int[] expected)
    {
        var growth = Make(4, mayUseOneThread: true);

        Assert.Equal(expected, Run(growth, Seconds(30), lanes => growth.Now.IsOneThread ? byOneThread : lanes == 1 ? 1 : byTwo));
        Assert.Equal((4, true), (growth.Now.Lanes, growth.Now.IsOneThread));
        Assert.True(growth.Found is { IsMoreBetter: true, Ratio: > 1.04, More: { Lanes: 4, IsOneThread: true } });
    }

    [Theory]
    [InlineData(1.4, 1.4)]
    [InlineData(1, 0.8)]
    public void OneThreadEachBringsNothing_StaysAsItWas(double byTwo, double byOneThread)
    {
        var growth = Make(2, mayUseOneThread: true);
        var hasTried = false;

        Run(growth, Seconds(30), lanes => (hasTried |= growth.Now.IsOneThread) && growth.Now.IsOneThread ? byOneThread : lanes == 1 ? 1 : byTwo);

        Assert.True(hasTried);
        Assert.Equal(new LaneWay(byTwo > 1 ? 2 : 1, IsSingle: byTwo > 1), growth.Now);
        Assert.Equal(growth.Now, growth.Settled);
    }

    [Fact]
    public void OneThreadEachIsWorseLater_GoesBackToWhatWasBefore()
    {
        var growth = Make(2, mayUseOneThread: true);
        Run(growth, Seconds(30), _ => growth.Now.IsOneThread ? 1.2 : 1);
        Assert.Equal((2, true), (growth.Now.Lanes, growth.Now.IsOneThread));

        Run(growth, Seconds(120), _ => growth.Now.IsOneThread ? 0.9 : 1);

        Assert.Equal(new LaneWay(1), growth.Settled);
    }

    /// <summary>An engine that will not, for want of memory for example: nothing is made for it, and it is asked again later.</summary>
    [Fact]
    public void EngineDoesNotGetReady_IsAskedAgainLater()
    {
        var growth = Make(4, mayUseOneThread: true);
        _isReady = false;

        Assert.Equal([1], Run(growth, Seconds(30), static _ => 1));
        Assert.Equal(1, _asked);
        Assert.Equal((1, false), (growth.Wanted, growth.IsTrying));

        Run(growth, Seconds(90), static _ => 1);
        Assert.Equal(2, _asked);
    }

    [Fact]
    public void EngineHasNoSuchThing_IsNotAsked()
    {
        Run(Make(4), Seconds(100), static _ => 1);

        Assert.Equal(0, _asked);
    }

    /// <summary>Three at once do not give four lanes something to do.</summary>
    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    public void OneThreadEach_IsTriedWhereAllLanesHaveWork(int others, int expected)
    {
        var growth = Make(4, mayUseOneThread: true);
        _others = others;

        Run(growth, Seconds(30), static _ => 1);

        Assert.Equal(expected, _asked);
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

    private LaneGrowth Make(int most, bool mayUseOneThread = false) => new(1, most, _costs, Second) { MayUseOneThread = mayUseOneThread };

    /// <summary>A load that never ends: with so many lanes so many times as much gets done.</summary>
    /// <returns>What it settled on, one after the other.</returns>
    private List<int> Run(LaneGrowth growth, long ticks, Func<int, double> speed)
    {
        List<int> settled = [growth.Now.Lanes];
        for (var until = _now + ticks; _now < until;)
        {
            if (growth.WantsOneThread)
            {
                _asked++;
                growth.OnReady(_isReady, _now);
            }

            growth.Made = Math.Max(growth.Made, growth.Wanted);
            _now += (long)(Execution / speed(growth.Now.Lanes));
            growth.OnEnd(1, _others, isSteady: true, _now);
            if (!growth.IsTrying && settled[^1] != growth.Now.Lanes)
            {
                settled.Add(growth.Now.Lanes);
            }
        }

        return settled;
    }
}
