using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>The models that requests are for: they are never run.</summary>
internal static class FuzzModels
{
    /// <summary>A, UINT8 [-1]; B, FP32 [2,-1]; S, BYTES [-1].</summary>
    public static ModelConfig Three { get; } = Config("three", ("A", TensorDataType.UInt8, [-1]), ("B", TensorDataType.Fp32, [2, -1]), ("S", TensorDataType.Bytes, [-1]));

    /// <summary>One input, for bodies that are nothing but it.</summary>
    public static ModelConfig One { get; } = Config("one", ("A", TensorDataType.UInt16, [-1, 2]));

    /// <summary>One text, for bodies that are nothing but it.</summary>
    public static ModelConfig Text { get; } = Config("text", ("S", TensorDataType.Bytes, [1]));

    /// <summary>Rows of two numbers.</summary>
    public static ModelConfig Rows { get; } = Config("rows", ("R", TensorDataType.Fp64, [-1, 2]));

    /// <summary>A version of <see cref="Three"/> that can be leased.</summary>
    public static ServedModel Served { get; } = new(1, Three, new Weights(), new Scheduler(), new ModelStatistics());

    private static ModelConfig Config(string name, params (string Name, TensorDataType Type, long[] Shape)[] tensors) => new()
    {
        Name = name,
        InstanceGroups = [],
        Backend = "identity",
        MaxBatchSize = 0,
        Inputs = [.. tensors.Select(static tensor => Tensor(tensor.Name, tensor.Type, tensor.Shape))],
        Outputs = [.. tensors.Select(static tensor => Tensor(tensor.Name + "_OUT", tensor.Type, tensor.Shape))],
    };

    private static ModelTensor Tensor(string name, TensorDataType type, long[] shape) =>
        new(name, type) { Dims = new TensorShape(shape), Shape = new TensorShape(shape), ModelShape = new TensorShape(shape) };

    private sealed class Weights : IBackendModel
    {
        public ModelSignature Signature { get; } =
            new([.. Three.Inputs.Select(static one => new TensorSpec(one.Name, one.DataType, one.Shape))], [.. Three.Outputs.Select(static one => new TensorSpec(one.Name, one.DataType, one.Shape))]);

        public IModelInstance CreateInstance(InstancePlacement placement) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    private sealed class Scheduler : IModelScheduler
    {
        public InferenceError? TryEnqueue(PendingInference pending) => throw new NotSupportedException();

        public void BeginDrain()
        {
        }

        public Task StopAsync() => Task.CompletedTask;
    }
}
