using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using Xunit;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class ModelTensorTests
{
    [Fact]
    public void ToModelShape_FreeDimensions_ArePassedOnInOrder()
    {
        var tensor = new ModelTensor("X", TensorDataType.Fp32)
        {
            Dims = new TensorShape(6, -1, 2, -1),
            Shape = new TensorShape(-1, 6, -1, 2, -1),
            ModelShape = new TensorShape(-1, 2, 3, -1, 1, 2, -1),
            HasReshape = true,
        };

        Assert.Equal(new TensorShape(8, 2, 3, 5, 1, 2, 7), tensor.ToModelShape(new TensorShape(8, 6, 5, 2, 7)));
        Assert.Equal(new TensorShape(8, 6, 5, 2, 7), tensor.ToClientShape(new TensorShape(8, 2, 3, 5, 1, 2, 7)));
    }

    [Fact]
    public void ToModelShape_WithoutReshape_IsTheSame()
    {
        var shape = new TensorShape(-1, 4);
        var tensor = new ModelTensor("X", TensorDataType.Fp32) { Dims = shape, Shape = shape, ModelShape = shape };

        Assert.Equal(new TensorShape(3, 4), tensor.ToModelShape(new TensorShape(3, 4)));
        Assert.Equal(new TensorShape(3, 4), tensor.ToClientShape(new TensorShape(3, 4)));
    }
}
