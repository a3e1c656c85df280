using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>A served version that has leases and metadata and never runs.</summary>
internal static class FakeModel
{
    public static ModelConfig Config { get; } = new()
    {
        Name = "echo",
        Backend = "onnxruntime",
        Platform = "onnxruntime_onnx",
        MaxBatchSize = 8,
        Inputs = [new ModelTensor("IN", TensorDataType.Fp32) { Dims = new TensorShape(4), Shape = new TensorShape(-1, 4), ModelShape = new TensorShape(-1, 4) }],
        Outputs = [new ModelTensor("OUT", TensorDataType.Bytes) { Dims = new TensorShape(1), Shape = new TensorShape(-1), ModelShape = new TensorShape(-1) }],
        InstanceGroups = [new InstanceGroup("echo", 1, InstanceKind.Cpu, [])],
    };

    public static ServedModel Create() => new(3, Config, new Weights(), new Scheduler(), new ModelStatistics());

    private sealed class Weights : IBackendModel
    {
        public ModelSignature Signature { get; } = new([], [new TensorSpec("OUT", TensorDataType.Bytes, new TensorShape(-1))]);

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
