using System.Collections.Immutable;
using InferenceServer.Core.Telemetry;
using Xunit;

namespace InferenceServer.Core.Tests.Telemetry;

public sealed class QuantileStreamTests
{
    private static readonly ImmutableArray<QuantileTarget> s_targets = [new(0.5, 0.05), new(0.9, 0.01), new(0.99, 0.001), new(0.999, 0.0005)];

    public enum Order
    {
        Ascending,
        Descending,
        Shuffled,
        Repeated,
    }

    [Theory]
    [InlineData(Order.Ascending)]
    [InlineData(Order.Descending)]
    [InlineData(Order.Shuffled)]
    [InlineData(Order.Repeated)]
    public void Estimate_ManyValues_IsWithinTheErrorOfItsRank(Order order)
    {
        const int Count = 50_000;
        var values = Enumerable.Range(0, Count).Select(i => order == Order.Repeated ? i / 100 * 100.0 : i).ToArray();
        switch (order)
        {
            case Order.Descending:
                Array.Reverse(values);
                break;
            case Order.Shuffled or Order.Repeated:
                new Random(7).Shuffle(values);
                break;
        }

        var stream = new QuantileStream(s_targets);
        foreach (var value in values)
        {
            stream.Add(value);
        }

        foreach (var target in s_targets)
        {
            // Values equal their ranks, to a hundred where they come a hundred times each.
            var slack = (target.Error * Count) + (order == Order.Repeated ? 100 : 1);
            Assert.InRange(stream.Estimate(target.Quantile), (target.Quantile * Count) - slack, (target.Quantile * Count) + slack);
        }

        Assert.True(stream.Samples < 2000, $"{stream.Samples} samples are kept of {Count} values");
    }

    [Theory]
    [InlineData(1, 7, 7)]
    [InlineData(3, 7, 9)]
    public void Estimate_FewValues_IsOneOfThem(int count, double low, double high)
    {
        var stream = new QuantileStream(s_targets);
        for (var i = 0; i < count; i++)
        {
            stream.Add(7 + i);
        }

        Assert.All(s_targets, target => Assert.InRange(stream.Estimate(target.Quantile), low, high));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 999)]
    public void Estimate_TheEnds_AreTheSmallestAndTheLargest(double quantile, double expected)
    {
        var stream = new QuantileStream([new(0, 0.001), new(1, 0.001)]);
        for (var i = 0; i < 1000; i++)
        {
            stream.Add(i);
        }

        Assert.InRange(stream.Estimate(quantile), expected - 2, expected + 2);
    }

    [Fact]
    public void Estimate_NothingOrNothingAnyMore_IsNoNumber()
    {
        var stream = new QuantileStream(s_targets);
        Assert.Equal(double.NaN, stream.Estimate(0.5));
        stream.Add(1);
        stream.Clear();

        Assert.Equal(double.NaN, stream.Estimate(0.5));
    }
}
