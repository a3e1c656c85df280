using CsCheck;
using InferenceServer.Protocols.KServe.Classification;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Classification;

public sealed class TopClassesTests
{
    [Fact]
    public void Select_AnyRowAndCount_IsTheStartOfTheStableDescendingOrder() =>
        Gen.Select(Gen.Int[-3, 3].Array[0, 60], Gen.Int[0, 60]).Sample(static (values, count) =>
        {
            var best = new int[Math.Min(count, values.Length)];
            TopClasses.Select<int>(values, best);
            Assert.Equal(Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(best.Length), best);
        });

    [Fact]
    public void Select_NotANumber_ComesLastWhereverItStands()
    {
        double[] values = [double.NaN, 1, double.NegativeInfinity, -double.NaN, double.PositiveInfinity, 2];
        var best = new int[values.Length];
        TopClasses.Select<double>(values, best);
        Assert.Equal([4, 5, 1, 2, 0, 3], best);
    }

    [Fact]
    public void Select_EqualValues_ComeInTheirOrder()
    {
        var best = new int[3];
        TopClasses.Select<byte>([7, 7, 7, 7, 7], best);
        Assert.Equal([0, 1, 2], best);
    }
}
