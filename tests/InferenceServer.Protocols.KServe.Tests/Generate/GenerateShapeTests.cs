using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Generate;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Generate;

public sealed class GenerateShapeTests
{
    [Theory]
    [InlineData(new long[] { -1 }, 1, new long[] { 1 })]
    [InlineData(new long[] { -1 }, 0, new long[] { 0 })]
    [InlineData(new long[] { 4 }, 4, new long[] { 4 })]
    [InlineData(new long[] { -1, 4 }, 8, new long[] { 2, 4 })]
    [InlineData(new long[] { -1, 4 }, 0, new long[] { 0, 4 })]
    [InlineData(new long[] { -1, -1 }, 6, new long[] { 1, 6 })]
    [InlineData(new long[] { -1, -1 }, 0, new long[] { 1, 0 })]
    [InlineData(new long[] { -1, -1, 2 }, 6, new long[] { 1, 3, 2 })]
    [InlineData(new long[] { 2, -1, 3, -1 }, 12, new long[] { 2, 1, 3, 2 })]
    [InlineData(new long[] { }, 1, new long[] { })]
    [InlineData(new long[] { -1, 0 }, 0, new long[] { 1, 0 })]
    public void Elements_ThatFill_MakeTheShape(long[] model, long elements, long[] expected)
    {
        Assert.True(GenerateShape.TryMake(new TensorShape(model), elements, out var shape));
        Assert.Equal(new TensorShape(expected), shape);
    }

    [Theory]
    [InlineData(new long[] { 4 }, 3)]
    [InlineData(new long[] { 4 }, 8)]
    [InlineData(new long[] { 4 }, 0)]
    [InlineData(new long[] { -1, 4 }, 6)]
    [InlineData(new long[] { -1, 4 }, 3)]
    [InlineData(new long[] { }, 2)]
    [InlineData(new long[] { -1, 0 }, 1)]
    [InlineData(new[] { long.MaxValue, long.MaxValue }, 1)]
    public void Elements_ThatDoNotFill_MakeNone(long[] model, long elements) => Assert.False(GenerateShape.TryMake(new TensorShape(model), elements, out _));
}
