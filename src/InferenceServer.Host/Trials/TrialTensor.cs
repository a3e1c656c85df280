using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Host.Trials;

/// <summary>A configured input or output, as a trial is told of it.</summary>
internal sealed record TrialTensor(string Name, TensorDataType DataType, long[] Shape, bool IsOptional)
{
    public static TrialTensor Of(TensorSpec tensor) => new(tensor.Name, tensor.DataType, tensor.Shape.AsSpan().ToArray(), tensor.IsOptional);

    public TensorSpec ToSpec() => new(Name, DataType, new TensorShape(Shape)) { IsOptional = IsOptional };
}
