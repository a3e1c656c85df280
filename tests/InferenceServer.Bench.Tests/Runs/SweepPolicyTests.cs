using InferenceServer.Bench.Runs;
using Xunit;

namespace InferenceServer.Bench.Tests.Runs;

/// <summary>Sweeps over made-up servers, whose best load can be worked out by hand.</summary>
public sealed class SweepPolicyTests
{
    /// <summary>A queue of one server that does 1000 a second: the mean time is 1 s divided by what is left of them.</summary>
    private static SweepStep OneQueue(double rate)
    {
        var mean = rate < 1000 ? 1000 / (1000 - rate) : 1e6;
        return new SweepStep(rate, Math.Min(rate, 1000), mean, 4.6 * mean, true, rate <= 1050);
    }

    /// <summary>Four lanes of 1 ms each: up to four connections nobody waits.</summary>
    private static SweepStep FourLanes(double connections)
    {
        var throughput = 1000 * Math.Min(connections, 4);
        return new SweepStep(connections, throughput, 1000 * connections / throughput, 1000 * connections / throughput, true);
    }

    [Fact]
    public void OneQueue_Knee_IsAtHalfOfWhatItCanDo()
    {
        var steps = Run(new SweepPlan(10, 1e6, false, null, 40), OneQueue);

        // The throughput divided by the mean time is r (1000 - r), which is largest at 500.
        Assert.InRange(SweepPolicy.Knee(steps)!.Amount, 450, 550);
        Assert.True(steps.Count < 20, $"{steps.Count} steps");
    }

    [Fact]
    public void OneQueue_Target_IsFoundWithinFivePercent()
    {
        var plan = new SweepPlan(10, 1e6, false, 46, 40);
        var steps = Run(plan, OneQueue);

        // 4.6 / (1000 - r) s is 46 ms at 900 requests a second.
        Assert.InRange(SweepPolicy.Largest(plan, steps)!.Amount, 900 / 1.05, 900);
    }

    [Fact]
    public void FourLanes_Knee_IsAtFourConnections() => Assert.Equal(4, SweepPolicy.Knee(Run(new SweepPlan(1, 128, true, null, 20), FourLanes))!.Amount);

    [Fact]
    public void FourLanes_StopsAtTheFirstLoadThatBringsNoMore() => Assert.Equal(8, Run(new SweepPlan(1, 128, true, null, 20), FourLanes).Max(static step => step.Amount));

    [Fact]
    public void FourLanes_Target_IsTheLastWholeNumberThatMeetsIt()
    {
        var plan = new SweepPlan(1, 128, true, 1.8, 20);

        // Seven take 1.75 ms, eight two.
        Assert.Equal(7, SweepPolicy.Largest(plan, Run(plan, FourLanes))!.Amount);
    }

    [Fact]
    public void FirstLoadMissesTheTarget_SmallerOnesAreTried()
    {
        var plan = new SweepPlan(950, 1e6, false, 46, 40);

        Assert.InRange(SweepPolicy.Largest(plan, Run(plan, OneQueue))!.Amount, 900 / 1.05, 900);
    }

    [Fact]
    public void NothingMeetsTheTarget_EndsWithoutOne()
    {
        var plan = new SweepPlan(1, 128, true, 0.5, 20);
        var steps = Run(plan, FourLanes);

        Assert.Single(steps);
        Assert.Null(SweepPolicy.Largest(plan, steps));
    }

    [Fact]
    public void NothingMeetsTheTargetAtAnyRate_EndsAllTheSame()
    {
        var plan = new SweepPlan(100, 1e6, false, 0.001, 100);
        var steps = Run(plan, OneQueue);

        Assert.Null(SweepPolicy.Largest(plan, steps));
        Assert.InRange(steps.Count, 2, 10);
    }

    [Fact]
    public void EverythingFails_HasNoKnee()
    {
        var steps = Run(new SweepPlan(1, 128, true, null, 20), static amount => FourLanes(amount) with { IsClean = false });

        Assert.Single(steps);
        Assert.Null(SweepPolicy.Knee(steps));
    }

    [Fact]
    public void HighestLoad_IsNotExceeded() => Assert.Equal(100, Run(new SweepPlan(3, 100, true, null, 20), static amount => new SweepStep(amount, amount, 1, 1, true)).Max(static step => step.Amount));

    [Fact]
    public void MaxSteps_AreNotExceeded() => Assert.Equal(3, Run(new SweepPlan(1, 1e6, false, null, 3), OneQueue).Count);

    private static List<SweepStep> Run(SweepPlan plan, Func<double, SweepStep> measure)
    {
        var steps = new List<SweepStep>();
        while (SweepPolicy.Next(plan, steps) is { } amount)
        {
            Assert.DoesNotContain(amount, steps.Select(static step => step.Amount));
            Assert.True(!plan.IsWhole || amount == Math.Floor(amount));
            steps.Add(measure(amount));
            Assert.True(steps.Count <= plan.MaxSteps);
        }

        return steps;
    }
}
