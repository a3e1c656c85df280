using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration;

public sealed record ModelTensor(string Name, TensorDataType DataType)
{
    public TensorShape Dims { get; init; }

    public TensorShape Shape { get; init; }

    public TensorShape ModelShape { get; init; }

    public bool HasReshape { get; init; }

    public bool IsOptional { get; init; }

    public string? LabelFilename { get; init; }
}
