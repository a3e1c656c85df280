using InferenceServer.Core.Tracing;
using Xunit;

namespace InferenceServer.Core.Tests.Tracing;

public sealed class TraceSamplerTests
{
    [Theory]
    [InlineData(1, -1, "xxxxxx")]
    [InlineData(3, -1, "..x..x")]
    [InlineData(1, 2, "xx....")]
    [InlineData(2, 2, ".x.x..")]
    [InlineData(1, 0, "......")]
    [InlineData(0, -1, "......")]
    public void TryTake_Requests_AreTakenByRateAndCount(long rate, long count, string expected)
    {
        var sampler = new TraceSampler(new TraceSettings(TraceLevels.Timestamps, rate, count, 0));
        Assert.Equal(expected, string.Concat(expected.Select(_ => sampler.TryTake(false) ? 'x' : '.')));
    }

    [Theory]
    [InlineData(1000, -1, "xxx")]
    [InlineData(1000, 2, "xx.")]
    [InlineData(1000, 0, "...")]
    public void TryTake_RequestsThatTheirCallersTrace_AreTakenWhateverTheRate(long rate, long count, string expected)
    {
        var sampler = new TraceSampler(new TraceSettings(TraceLevels.Tensors, rate, count, 0));
        Assert.Equal(expected, string.Concat(expected.Select(_ => sampler.TryTake(true) ? 'x' : '.')));
    }

    [Fact]
    public void TryTake_LevelOff_TakesNothing() => Assert.False(new TraceSampler(new TraceSettings(TraceLevels.Off, 1, -1, 0)).TryTake(true));

    [Fact]
    public void TryTake_ManyThreads_TakeNoMoreThanTheCount()
    {
        var sampler = new TraceSampler(new TraceSettings(TraceLevels.Timestamps, 1, 100, 0));
        var taken = 0;
        Parallel.For(0, 1000, _ => Interlocked.Add(ref taken, sampler.TryTake(false) ? 1 : 0));
        Assert.Equal((100, 0), (taken, sampler.Left));
    }
}
