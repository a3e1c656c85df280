using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Contract;
using InferenceServer.Testing.Onnx;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class OnnxContractTests : BackendContractTests
{
    protected override ValueTask<IBackendModel> LoadIdentityAsync(TensorShape shape, params TensorDataType[] types)
    {
        var dimensions = shape.AsSpan().ToArray().Select(static (size, i) => size < 0 ? OnnxDimension.FromString($"d{i}") : size).ToArray();
        return ValueTask.FromResult(OnnxModels.Load(SampleOnnxModels.Identity(dimensions, [.. types.Select(OnnxElementTypes.ToOnnx)])));
    }

    protected override ValueTask<FailingModel> LoadFailingAsync()
    {
        // An index out of range is found only while the graph runs.
        var model = OnnxModels.Load(new OnnxModelBuilder()
            .Input("INPUT0", OnnxElementType.Int64, "batch")
            .Output("OUTPUT0", OnnxElementType.Float, "batch")
            .Initializer("table", OnnxTensor.Floats([3], 1, 2, 3))
            .Node("Gather", ["table", "INPUT0"], ["OUTPUT0"]));
        return ValueTask.FromResult(new FailingModel(
            model,
            [TestTensor.Int64("INPUT0", new TensorShape(2), 2, 0)],
            [TestTensor.Int64("INPUT0", new TensorShape(2), 2, 99)]));
    }
}
