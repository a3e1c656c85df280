using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class StringTensorTests
{
    [Fact]
    public void Execute_BytesThatAreNoUtf8_ComeBackAsTheyWere()
    {
        byte[][] elements = [[0xFF, 0xFE], [0xC3], [0], [0, 0, 65, 0], [], [0xED, 0xA0, 0x80]];
        using var model = OnnxModels.Load(SampleOnnxModels.Identity(["n"], OnnxElementType.String));
        Assert.Equal(elements, OnnxModels.Run(model, TestTensor.Bytes("INPUT0", new TensorShape(6), elements))["OUTPUT0"].Elements());
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 65 }, 2, "got 1")]
    [InlineData(new byte[] { 1, 0, 0, 0, 65, 0, 0, 0, 0 }, 1, "got 2")]
    [InlineData(new byte[] { 1, 0, 0, 0, 65, 9, 0, 0, 0, 66 }, 2, "got 1 and then a piece of one")]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 65 }, 1, "got 0 and then a piece of one")]
    [InlineData(new byte[] { 1, 0, 0 }, 1, "got 0 and then a piece of one")]
    [InlineData(new byte[0], 1L << 50, "got 0")]
    [InlineData(new byte[] { 0, 0, 0, 0 }, 0, "got 1")]
    public void Execute_ElementsDoNotFitTheShape_NamesTheTensor(byte[] data, long count, string got)
    {
        using var model = OnnxModels.Load(SampleOnnxModels.Identity(["n"], OnnxElementType.String));
        var error = OnnxModels.RunFails(model, new TestTensor("INPUT0", TensorDataType.Bytes, new TensorShape(count), data));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.StartsWith($"input 'INPUT0' of the type BYTES and shape [{count}]: expected {count} elements", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(got, error.Message, StringComparison.Ordinal);
    }
}
