using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class SignatureTests
{
    [Fact]
    public void Descriptor_Always_IsWhatRepositoriesUse()
    {
        var descriptor = new OnnxBackend().Descriptor;
        Assert.Equal("onnxruntime", descriptor.Name);
        Assert.Equal("onnxruntime_onnx", descriptor.Platform);
        Assert.Equal("model.onnx", descriptor.DefaultModelFilename);
        Assert.Equal(".onnx", descriptor.BareFileExtension);
        Assert.True(descriptor.DescribesModels);
    }

    [Fact]
    public void Load_ManyTensors_KeepsTheModelsOrderAndFreesSymbolicDimensions()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("zebra", OnnxElementType.Float, "batch", 3, "width")
            .Input("ant", OnnxElementType.Int64, 5)
            .Input("mole", OnnxElementType.String)
            .Output("y", OnnxElementType.String)
            .Output("x", OnnxElementType.Int64, 5)
            .Output("b", OnnxElementType.Float, "batch", 3, "width")
            .Node("Identity", ["zebra"], ["b"])
            .Node("Identity", ["ant"], ["x"])
            .Node("Identity", ["mole"], ["y"]));
        Assert.Equal(
            [
                new("zebra", TensorDataType.Fp32, new TensorShape(-1, 3, -1)),
                new("ant", TensorDataType.Int64, new TensorShape(5)),
                new TensorSpec("mole", TensorDataType.Bytes, TensorShape.Scalar),
            ],
            model.Signature.Inputs);
        Assert.Equal(["y", "x", "b"], model.Signature.Outputs.Select(static output => output.Name));
    }

    [Fact]
    public void Load_ConstantThatIsAnInput_IsOptional()
    {
        using var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, "batch", 2)
            .Input("scale", OnnxElementType.Float, 2)
            .Initializer("scale", OnnxTensor.Floats([2], 10, 100))
            .Output("y", OnnxElementType.Float, "batch", 2)
            .Node("Mul", ["x", "scale"], ["y"]));
        Assert.Equal(["x", "scale"], model.Signature.Inputs.Select(static input => input.Name));
        Assert.Equal([false, true], model.Signature.Inputs.Select(static input => input.IsOptional));
        var x = TestTensor.Fp32("x", new TensorShape(1, 2), 1, 2);
        Assert.Equal([10f, 200f], OnnxModels.Run(model, x)["y"].As<float>());
        Assert.Equal([3f, 8f], OnnxModels.Run(model, x, TestTensor.Fp32("scale", new TensorShape(2), 3, 4))["y"].As<float>());

        // The override of one request is not the default of the next.
        Assert.Equal([10f, 200f], OnnxModels.Run(model, x)["y"].As<float>());
    }

    [Theory]
    [InlineData(OnnxElementType.Float8E4M3FN, 19, "FLOAT8E4M3FN")]
    [InlineData(OnnxElementType.UInt4, 21, "UINT4")]
    [InlineData(OnnxElementType.Int4, 21, "INT4")]
    public void Load_TypeThatNoProtocolCarries_NamesTheTypeAndTheWayOut(OnnxElementType type, int opset, string name)
    {
        var error = OnnxModels.LoadFails(new OnnxModelBuilder(opset)
            .Input("x", OnnxElementType.Float, 2)
            .Output("odd", type, 2)
            .Node("Cast", ["x"], ["odd"], OnnxAttribute.Int("to", (long)type))
            .Build());
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains($" of the type {name}, ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Cast", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OnnxElementType.Complex64, "complex64")]
    [InlineData(OnnxElementType.Complex128, "complex128")]
    public void Load_TypeThatTheEngineLacks_NamesTheType(OnnxElementType type, string name) =>
        Assert.Contains(name, OnnxModels.LoadFails(SampleOnnxModels.Identity([2], type)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public void Load_ManyDimensions_EightAreServedAndNineRefused(int rank, bool served)
    {
        var bytes = SampleOnnxModels.Identity([.. Enumerable.Repeat<OnnxDimension>(1, rank)], OnnxElementType.Float);
        if (served)
        {
            using var model = OnnxModels.Load(bytes);
            Assert.Equal([7f], OnnxModels.Run(model, TestTensor.Fp32("INPUT0", new TensorShape([1, 1, 1, 1, 1, 1, 1, 1]), 7))["OUTPUT0"].As<float>());
        }
        else
        {
            var error = OnnxModels.LoadFails(bytes);
            Assert.Equal(ErrorCode.Unsupported, error.Code);
            Assert.Contains("input 'INPUT0' has 9 dimensions, expected at most 8", error.Message, StringComparison.Ordinal);
            Assert.Contains("output 'OUTPUT0' has 9 dimensions", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_UnknownRank_TakesTheDeclaredShape()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("model.onnx", new OnnxModelBuilder()
            .Input("x", OnnxType.UnrankedTensor(OnnxElementType.Float))
            .Output("y", OnnxType.UnrankedTensor(OnnxElementType.Float))
            .Node("Identity", ["x"], ["y"])
            .Build());
        var shape = new TensorShape(-1, 2);
        using var model = OnnxModels.Load(OnnxModels.Context(file) with
        {
            DeclaredInputs = [new TensorSpec("x", TensorDataType.Fp32, shape)],
            DeclaredOutputs = [new TensorSpec("y", TensorDataType.Fp32, shape)],
        });
        Assert.Equal(shape, model.Signature.Inputs[0].Shape);
        Assert.Equal(shape, model.Signature.Outputs[0].Shape);
        Assert.Equal(new TensorShape(3, 2), OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(3, 2), 1, 2, 3, 4, 5, 6))["y"].Shape);
    }
}
