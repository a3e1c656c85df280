using InferenceServer.Bench.Load;
using Xunit;

namespace InferenceServer.Bench.Tests.Load;

public sealed class WarmUpPlanTests
{
    private static readonly WarmUpPlan _plan = new(TimeSpan.FromSeconds(1), 10, 0.1, 99);

    [Fact]
    public void IsStable_TwoWindows_IsTooEarlyToSay() => Assert.False(_plan.IsStable([Window(100, 1), Window(100, 1)]));

    [Fact]
    public void IsStable_LastThreeAlike_IsTrueWhateverWasBefore() =>
        Assert.True(_plan.IsStable([Window(10, 50), Window(100, 1), Window(105, 1.05), Window(95, 0.95)]));

    [Theory]
    [InlineData(130, 1)]
    [InlineData(100, 1.5)]
    [InlineData(70, 1)]
    public void IsStable_OneOfThemStrays_IsFalse(double rate, double latency) => Assert.False(_plan.IsStable([Window(100, 1), Window(100, 1), Window(rate, latency)]));

    [Fact]
    public void IsStable_NothingAnswered_IsFalse() => Assert.False(_plan.IsStable([Window(0, 0), Window(0, 0), Window(0, 0)]));

    [Fact]
    public void IsJudged_FixedTime_IsFalse() => Assert.False(WarmUpPlan.Fixed(TimeSpan.FromSeconds(5)).IsJudged);

    private static WindowFigures Window(double rate, double latency) => new((long)rate, 0, rate, latency);
}
