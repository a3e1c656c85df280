using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>How long two ways are compared, stepped with a clock of numbers.</summary>
public sealed class LaneTrialTests
{
    private const int Turn = 8;
    private const int Unseen = 4;

    /// <summary>What is plainly better or worse is soon found out, and sooner if it is worse: somebody has to bear it meanwhile.</summary>
    [Theory]
    [InlineData(0.5, 1.05, false, 6, false)]
    [InlineData(1.02, 1.05, false, 6, false)]
    [InlineData(1.2, 1.05, false, 12, true)]
    [InlineData(0.9, 1.05, true, 6, false)]
    [InlineData(1.2, 1.05, true, 6, true)]
    public void Compares_UntilItIsFoundOut(double more, double floor, bool isThere, int turns, bool isWon)
    {
        var trial = new LaneTrial(new LaneWay(1), new LaneWay(2), leastTicks: 0, floor, isThere);

        var executions = Run(trial, _ => more);

        Assert.InRange(executions, turns * Turn, (turns * Turn) + (turns * Unseen));
        Assert.Equal((isWon, !isWon), (trial.IsWon, trial.IsLost));
        Assert.Equal(more, trial.Ratio, 0.01);
    }

    /// <summary>One comparison that is worse may be a neighbour's doing, whenever that is.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(100)]
    public void OneIsWorse_GoesOn(int execution)
    {
        var trial = new LaneTrial(new LaneWay(1), new LaneWay(2), leastTicks: 0, floor: 1.05, isThere: false);

        Run(trial, now => now == execution ? 0.02 : 1.5);

        Assert.True(trial.IsWon);
        Assert.Equal(1.5, trial.Ratio, 0.01);
    }

    /// <summary>With as much noise as makes four of five comparisons see a gain, and half of them one that is none.</summary>
    [Fact]
    public void Noise_SeldomDecides()
    {
        var (falselyTaken, taken, falselyKept, kept) = (0, 0, 0, 0);
        for (var seed = 0; seed < 400; seed++)
        {
            falselyTaken += Decide(1, isThere: false, seed) ? 1 : 0;
            taken += Decide(1.35, isThere: false, seed) ? 1 : 0;
            falselyKept += Decide(0.75, isThere: true, seed) ? 1 : 0;
            kept += Decide(1.35, isThere: true, seed) ? 1 : 0;
        }

        Assert.InRange(falselyTaken, 0, 40);
        Assert.InRange(taken, 340, 400);
        Assert.InRange(falselyKept, 0, 20);
        Assert.InRange(kept, 380, 400);
    }

    // The machine is as quick as it likes for half a turn at a time.
    private static bool Decide(double gain, bool isThere, int seed)
    {
        var random = new Random(seed);
        var noise = 1.0;
        var trial = new LaneTrial(new LaneWay(1), new LaneWay(2), leastTicks: 0, floor: 1, isThere);
        Run(trial, _ => gain, executions => noise = executions % (Turn / 2) == 0 ? 0.5 + random.NextDouble() : noise);
        return trial.IsWon;
    }

    /// <returns>How many executions there were until it was over.</returns>
    private static int Run(LaneTrial trial, Func<int, double> more, Func<int, double>? machine = null)
    {
        var now = 0.0;
        var executions = 0;
        for (; !trial.IsOver; executions++)
        {
            now += 1000 / ((trial.Now.Lanes == 2 ? more(executions) : 1) * (machine?.Invoke(executions) ?? 1));
            trial.OnEnd(1, (long)now);
        }

        return executions;
    }
}
