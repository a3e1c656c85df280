using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Microbenchmarks.Tensors;

/// <summary>The configuration of a model of one input <c>X</c> and one output <c>Y</c> of one type, whose rows may have any length.</summary>
internal static class SampleModel
{
    public const string Name = "sample";
    public const string Input = "X";
    public const string Output = "Y";

    /// <summary>The most rows of one execution.</summary>
    public const int MaxRows = 8;

    public static ModelConfig Config(TensorDataType type, string name = Name) => new()
    {
        Name = name,
        Backend = "none",
        MaxBatchSize = MaxRows,
        Inputs = [Tensor(Input, type)],
        Outputs = [Tensor(Output, type)],
        InstanceGroups = [new InstanceGroup(name, 1, InstanceKind.Cpu, [])],
    };

    public static ModelSignature Signature(TensorDataType type) => new([new TensorSpec(Input, type, new TensorShape(-1, -1))], [new TensorSpec(Output, type, new TensorShape(-1, -1))]);

    private static ModelTensor Tensor(string name, TensorDataType type) => new(name, type) { Dims = new TensorShape(-1), Shape = new TensorShape(-1, -1), ModelShape = new TensorShape(-1, -1) };
}
