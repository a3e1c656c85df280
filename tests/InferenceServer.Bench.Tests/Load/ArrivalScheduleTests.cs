using InferenceServer.Bench.Load;
using Xunit;

namespace InferenceServer.Bench.Tests.Load;

public sealed class ArrivalScheduleTests
{
    private const long Frequency = 1_000_000;

    [Fact]
    public void Constant_ComesAtMultiplesOfTheInterval_WithoutDrift()
    {
        var schedule = Make(3, isPoisson: false);

        var times = Take(schedule, 3001);

        Assert.Equal([1000, 334333, 667666, 1001000], times.Take(4));
        Assert.InRange(times[^1], 1000 + (1000 * Frequency) - 1, 1000 + (1000 * Frequency) + 1);
    }

    [Fact]
    public void Poisson_SameSeed_SameTimes()
    {
        var first = Take(Make(100, isPoisson: true, seed: 7), 50);

        Assert.Equal(first, Take(Make(100, isPoisson: true, seed: 7), 50));
        Assert.NotEqual(first, Take(Make(100, isPoisson: true, seed: 8), 50));
    }

    [Fact]
    public void Poisson_ManyRequests_HaveTheRateAndGapsThatVaryAsMuchAsTheyLast()
    {
        var times = Take(Make(1000, isPoisson: true), 100_000);
        var gaps = times.Zip(times.Skip(1), static (a, b) => (double)(b - a)).ToList();
        var mean = gaps.Average();

        Assert.InRange(mean, 980, 1020);
        Assert.InRange(Math.Sqrt(gaps.Average(gap => (gap - mean) * (gap - mean))) / mean, 0.97, 1.03);
    }

    [Fact]
    public void TryTake_NothingMoreBeforeTheEnd_LeavesTheNextInPlace()
    {
        var schedule = Make(10, isPoisson: false);

        Assert.False(schedule.TryTake(1000, out _));
        Assert.True(schedule.TryTake(1001, out var due));
        Assert.Equal(1000, due);
    }

    [Fact]
    public void TakeRest_CountsWhatIsLeft()
    {
        var schedule = Make(10, isPoisson: false);
        Take(schedule, 3);

        Assert.Equal(7, schedule.TakeRest(1000 + Frequency));
        Assert.Equal(0, schedule.TakeRest(1000 + Frequency));
    }

    private static ArrivalSchedule Make(double rate, bool isPoisson, int seed = 1) => new(1000, Frequency, LoadLevel.Open(rate, isPoisson, 1, 1, seed));

    private static List<long> Take(ArrivalSchedule schedule, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => schedule.TryTake(long.MaxValue, out var due) ? due : throw new InvalidOperationException("a schedule has no end"))];
}
