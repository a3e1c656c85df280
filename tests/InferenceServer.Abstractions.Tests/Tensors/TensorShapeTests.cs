using CsCheck;
using InferenceServer.Abstractions.Tensors;
using Xunit;

namespace InferenceServer.Abstractions.Tests.Tensors;

public sealed class TensorShapeTests
{
    [Theory]
    [InlineData(new long[0], 1)]
    [InlineData(new long[] { 3 }, 3)]
    [InlineData(new long[] { 2, 3, 4 }, 24)]
    [InlineData(new long[] { 2, 0, 4 }, 0)]
    [InlineData(new long[] { long.MaxValue, 0, long.MaxValue }, 0)]
    [InlineData(new long[] { long.MaxValue, 1 }, long.MaxValue)]
    public void ElementCount_OfFixedShape_IsProduct(long[] dimensions, long expected)
    {
        Assert.True(new TensorShape(dimensions).TryGetElementCount(out var count));
        Assert.Equal(expected, count);
    }

    [Theory]
    [InlineData(new long[] { -1 })]
    [InlineData(new long[] { 0, -1 })]
    [InlineData(new[] { 1L << 62, 2 })]
    [InlineData(new[] { 1L << 32, 1L << 32 })]
    [InlineData(new[] { 3, long.MaxValue / 2 })]
    public void ElementCount_OfFreeOrOverflowingShape_IsRefused(long[] dimensions) =>
        Assert.False(new TensorShape(dimensions).TryGetElementCount(out _));

    [Fact]
    public void ElementCount_OfAnyShape_EqualsExactProduct() =>
        Gen.Long[0, 1L << 40].Array[0, TensorShape.MaxRank].Sample(dimensions =>
        {
            var exact = dimensions.Aggregate(System.Numerics.BigInteger.One, static (product, dimension) => product * dimension);
            var fits = new TensorShape(dimensions).TryGetElementCount(out var count);
            Assert.Equal(exact <= long.MaxValue, fits);
            Assert.Equal(fits ? exact : 0, count);
        });

    [Fact]
    public void ByteCount_ThatOverflows_IsRefused()
    {
        Assert.False(new TensorShape(long.MaxValue / 4).TryGetByteCount(TensorDataType.Fp64, out _));
        Assert.True(new TensorShape(3, 5).TryGetByteCount(TensorDataType.Fp16, out var bytes));
        Assert.Equal(30, bytes);
        Assert.False(new TensorShape(3).TryGetByteCount(TensorDataType.Bytes, out _));
    }

    [Fact]
    public void Shape_OfMoreThanMaxRank_IsRefused() => Assert.Throws<ArgumentException>(static () => new TensorShape(new long[9]));

    [Fact]
    public void Shape_WithDimensionBelowMinusOne_IsRefused() => Assert.Throws<ArgumentException>(static () => new TensorShape(2, -2));

    [Theory]
    [InlineData(new long[] { -1, 4 }, new long[] { 7, 4 }, true)]
    [InlineData(new long[] { -1, 4 }, new long[] { 0, 4 }, true)]
    [InlineData(new long[] { -1, 4 }, new long[] { 7, 5 }, false)]
    [InlineData(new long[] { -1, 4 }, new long[] { 4 }, false)]
    [InlineData(new long[0], new long[0], true)]
    public void Accepts_ComparesRankAndFixedDimensions(long[] pattern, long[] actual, bool expected) =>
        Assert.Equal(expected, new TensorShape(pattern).Accepts(new TensorShape(actual)));

    [Fact]
    public void PrependAndWithout_AreInverse() =>
        Gen.Long[-1, 100].Array[0, TensorShape.MaxRank - 1].Sample(dimensions =>
        {
            var shape = new TensorShape(dimensions);
            Assert.Equal(shape, shape.Prepend(5).WithoutFirst());
            Assert.Equal(5, shape.Prepend(-1).WithFirst(5)[0]);
        });

    [Fact]
    public void ToString_PrintsDimensionsInBrackets() => Assert.Equal("[-1,3,224]", new TensorShape(-1, 3, 224).ToString());
}
