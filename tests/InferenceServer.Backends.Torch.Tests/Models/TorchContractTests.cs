using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Contract;

namespace InferenceServer.Backends.Torch.Tests.Models;

public sealed class TorchContractTests : BackendContractTests
{
    protected override bool Supports(TensorDataType type) => type is not (TensorDataType.UInt16 or TensorDataType.UInt32 or TensorDataType.UInt64);

    // A list of texts has a length and no shape.
    protected override bool KeepsEmptyShapes(TensorDataType type) => type != TensorDataType.Bytes;

    protected override async ValueTask<IBackendModel> LoadIdentityAsync(TensorShape shape, params TensorDataType[] types)
    {
        string Join(string separator, Func<int, string> one) => string.Join(separator, Enumerable.Range(0, types.Length).Select(one));
        string TypeOf(int i) => types[i] == TensorDataType.Bytes ? "List[str]" : "Tensor";

        // One comes back as it is, so that results that are inputs are met, too.
        var model = new ScriptModel
        {
            Inputs = [.. types.Select((type, i) => new TensorSpec($"INPUT{i}", type, shape))],
            Outputs = [.. types.Select((type, i) => new TensorSpec($"OUTPUT{i}", type, shape))],
        };
        return await model.LoadAsync($"{Join(",\n    ", i => $"x{i}: {TypeOf(i)}")}) -> Tuple[{Join(", ", TypeOf)}]", $"return ({Join(", ", i => $"x{i}")},)");
    }

    protected override async ValueTask<FailingModel> LoadFailingAsync()
    {
        var model = new ScriptModel { Inputs = [ScriptModel.Fp32("INPUT0", -1, 2)], Outputs = [ScriptModel.Fp32("OUTPUT0", -1, 2)] };
        return new FailingModel(
            await model.LoadAsync(
                "x: Tensor) -> Tensor",
                """
                if bool(torch.any(torch.lt(x, 0))):
                  ops.prim.RaiseException("no value may be negative", "builtins.ValueError")
                else:
                  pass
                return torch.mul(x, 2)
                """),
            [TestTensor.Fp32("INPUT0", new TensorShape(2, 2), 1, 2, 3, 4)],
            [TestTensor.Fp32("INPUT0", new TensorShape(2, 2), 1, -2, 3, 4)]);
    }
}
