using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>A served version whose outputs are its inputs.</summary>
internal sealed class EchoModel : IBackendModel
{
    private readonly ModelConfig _config;

    public EchoModel(ModelConfig config, long version = 1, ClassLabels? labels = null)
    {
        _config = config;
        Scheduler = new EchoScheduler(config);
        Served = new ServedModel(version, config, this, Scheduler, new ModelStatistics())
        {
            Labels = labels is null ? ImmutableDictionary<string, ClassLabels>.Empty : config.Outputs.ToImmutableDictionary(static output => output.Name, _ => labels),
        };
    }

    public EchoScheduler Scheduler { get; }

    public ServedModel Served { get; }

    public ModelSignature Signature => new([.. _config.Inputs.Select(Spec)], [.. _config.Outputs.Select(Spec)]);

    /// <summary>A model of one input <c>IN</c> and one output <c>OUT</c>.</summary>
    public static EchoModel Of(string name, TensorDataType type, params long[] shape) =>
        new(Config(name, 0, ("IN", "OUT", type, shape)));

    public static ModelConfig Config(string name, int maxBatchSize, params (string Input, string Output, TensorDataType Type, long[] Shape)[] tensors) => new()
    {
        Name = name,
        InstanceGroups = [],
        Backend = "echo",
        MaxBatchSize = maxBatchSize,
        Inputs = [.. tensors.Select(tensor => new ModelTensor(tensor.Input, tensor.Type) { Dims = new TensorShape(tensor.Shape.AsSpan()[(maxBatchSize > 0 ? 1 : 0)..]), Shape = new TensorShape(tensor.Shape), ModelShape = new TensorShape(tensor.Shape) })],
        Outputs = [.. tensors.Select(tensor => new ModelTensor(tensor.Output, tensor.Type) { Dims = new TensorShape(tensor.Shape.AsSpan()[(maxBatchSize > 0 ? 1 : 0)..]), Shape = new TensorShape(tensor.Shape), ModelShape = new TensorShape(tensor.Shape) })],
    };

    public IModelInstance CreateInstance(InstancePlacement placement) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private static TensorSpec Spec(ModelTensor tensor) => new(tensor.Name, tensor.DataType, tensor.Shape);
}
