using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>What a message says of the tensors that the server makes for a batch, and cuts by one.</summary>
internal static class BatchSettings
{
    /// <summary>The inputs that the server makes, of a message that has been checked.</summary>
    public static ImmutableArray<BatchInputConfig> InputsOf(global::Inference.ModelConfig message) =>
        [.. message.BatchInput.Select(static made => new BatchInputConfig((BatchInputKind)made.Kind, [.. made.TargetName], (TensorDataType)made.DataType, made.SourceInput[0]))];

    /// <summary>The outputs that are cut by the shapes of an input, of a message that has been checked.</summary>
    public static ImmutableArray<BatchOutputConfig> OutputsOf(global::Inference.ModelConfig message) =>
        [.. message.BatchOutput.Select(static scattered => new BatchOutputConfig([.. scattered.TargetName], scattered.SourceInput[0]))];

    /// <summary>The whole shape of an input that the server makes, -1 where executions differ.</summary>
    public static ImmutableArray<long> DimsOf(global::Inference.ModelConfig message, global::Inference.BatchInput made)
    {
        var source = message.Input.FirstOrDefault(input => made.SourceInput.Contains(input.Name));
        return (BatchInputKind)made.Kind == BatchInputKind.ItemShape ? [TensorShape.Free, source?.Dims.Count ?? TensorShape.Free] : [TensorShape.Free];
    }
}
