using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>How long two ways are compared, stepped with a clock of numbers.</summary>
public sealed class LaneTrialTests
{
    private const int Turn = 8;
    private const int Unseen = 4;

    /// <summary>What is worse than is asked for in two of eight comparisons is not run any longer; what is there already is judged by all of them.</summary>
    [Theory]
    [InlineData(0.5, 1.05, 4)]
    [InlineData(1.02, 1.05, 4)]
    [InlineData(1.2, 1.05, 16)]
    [InlineData(0.5, 0, 16)]
    public void Compares_UntilItIsFoundOut(double more, double floor, int turns)
    {
        var trial = new LaneTrial(new LaneWay(1), new LaneWay(2), leastTicks: 0, floor);

        var executions = Run(trial, _ => more);

        Assert.InRange(executions, turns * Turn, (turns * Turn) + (turns * Unseen));
        Assert.Equal(turns == 4, trial.IsLost);
        Assert.Equal(more, trial.Ratio, 0.01);
    }

    /// <summary>One comparison that is worse may be a neighbour's doing, whenever that is.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(100)]
    public void OneIsWorse_GoesOn(int execution)
    {
        var trial = new LaneTrial(new LaneWay(1), new LaneWay(2), leastTicks: 0, floor: 1.05);

        Run(trial, now => now == execution ? 0.02 : 1.5);

        Assert.False(trial.IsLost);
        Assert.Equal(1.5, trial.Ratio, 0.01);
    }

    /// <returns>How many executions there were until it was over.</returns>
    private static int Run(LaneTrial trial, Func<int, double> more)
    {
        var now = 0.0;
        var executions = 0;
        for (; !trial.IsOver; executions++)
        {
            now += 1000 / (trial.Now.Lanes == 2 ? more(executions) : 1);
            trial.OnEnd(1, (long)now);
        }

        return executions;
    }
}
