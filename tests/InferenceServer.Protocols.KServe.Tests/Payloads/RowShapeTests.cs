using CsCheck;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Payloads;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Payloads;

public sealed class RowShapeTests
{
    [Theory]
    [InlineData(new long[] { -1, 13 }, new long[] { 5, 13 }, new long[] { 5, 13 })]
    [InlineData(new long[] { -1, 13 }, new long[] { 13 }, new long[] { 1, 13 })]
    [InlineData(new long[] { -1, -1 }, new long[] { 4 }, new long[] { 1, 4 })]
    [InlineData(new long[] { -1 }, new long[] { 4 }, new long[] { 4 })]
    [InlineData(new long[] { -1, 1 }, new long[] { 1 }, new long[] { 1, 1 })]
    [InlineData(new long[] { -1, 1 }, new long[] { 3 }, new long[] { 3, 1 })]
    [InlineData(new long[] { -1, 1, 8, 8 }, new long[] { 2, 1, 8, 8 }, new long[] { 2, 1, 8, 8 })]
    [InlineData(new long[] { -1, 1, 8, 8 }, new long[] { 1, 8, 8 }, new long[] { 1, 1, 8, 8 })]
    [InlineData(new long[] { -1, 1, 8, 8 }, new long[] { 5, 8, 8 }, new long[] { 5, 1, 8, 8 })]
    [InlineData(new long[] { -1, 1, 8, 8 }, new long[] { 8, 8 }, new long[] { 1, 1, 8, 8 })]
    [InlineData(new long[] { -1, 1, 8, 8 }, new long[] { 64 }, new long[] { 1, 1, 8, 8 })]
    [InlineData(new long[] { -1, 1, 8, 8 }, new long[] { 3, 64 }, new long[] { 3, 1, 8, 8 })]
    [InlineData(new long[] { 2, 3 }, new long[] { 2, 3 }, new long[] { 2, 3 })]
    [InlineData(new long[] { 1, 3 }, new long[] { 3 }, new long[] { 1, 3 })]
    [InlineData(new long[] { 1 }, new long[] { }, new long[] { 1 })]
    [InlineData(new long[] { -1 }, new long[] { }, new long[] { 1 })]
    [InlineData(new long[] { }, new long[] { }, new long[] { })]
    public void Arrays_ThatLeaveOutWhatSaysNothing_Fit(long[] model, long[] given, long[] expected)
    {
        Assert.True(RowShape.TryFit(new TensorShape(model), new TensorShape(given), out var shape));
        Assert.Equal(new TensorShape(expected), shape);
    }

    [Theory]
    [InlineData(new long[] { -1, 13 }, new long[] { 12 })]
    [InlineData(new long[] { -1, 13 }, new long[] { 26 })]
    [InlineData(new long[] { -1, 13 }, new long[] { 1, 1, 13 })]
    [InlineData(new long[] { -1, -1, -1 }, new long[] { 4 })]
    [InlineData(new long[] { 2, 3 }, new long[] { 6 })]
    [InlineData(new long[] { 2, 3 }, new long[] { 3 })]
    [InlineData(new long[] { -1, 1, 8, 8 }, new long[] { 128 })]
    [InlineData(new long[] { -1, 1, 8, 8 }, new long[] { 3, 8, 9 })]
    [InlineData(new long[] { }, new long[] { 1 })]
    [InlineData(new long[] { -1 }, new long[] { 1, 1, 1, 1, 1, 1, 1, 2 })]
    public void Others_DoNot(long[] model, long[] given) => Assert.False(RowShape.TryFit(new TensorShape(model), new TensorShape(given), out _));

    [Fact]
    public void Fit_IsAcceptedAndHasAsManyElements() =>
        Gen.Select(Gen.Long[-1, 4].Array[0, 8], Gen.Long[0, 4].Array[0, 8]).Sample(static (model, given) =>
        {
            if (RowShape.TryFit(new TensorShape(model), new TensorShape(given), out var shape))
            {
                Assert.True(new TensorShape(model).Accepts(shape));
                new TensorShape(given).TryGetElementCount(out var expected);
                shape.TryGetElementCount(out var actual);
                Assert.Equal(expected, actual);
            }
        }, iter: 20_000);
}
