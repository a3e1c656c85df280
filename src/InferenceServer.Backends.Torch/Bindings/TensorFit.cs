using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Torch.Executions;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Bindings;

/// <summary>Holds the element types and shapes of a configuration against what a method takes and gives.</summary>
internal static class TensorFit
{
    /// <exception cref="BackendException">It does not fit.</exception>
    public static void CheckInput(TensorSpec input, TorchType type)
    {
        Check("input", input, type);
        if (type.Kind is TorchTypeKind.Text or TorchTypeKind.Int or TorchTypeKind.Float or TorchTypeKind.Bool && (!input.Shape.TryGetElementCount(out var count) || count != 1))
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"input '{input.Name}' is of the type {type.Text}, one value for a whole execution: expected one element in max_batch_size 0, such as dims: [ 1 ], got the shape {input.Shape}");
        }
    }

    /// <exception cref="BackendException">It does not fit.</exception>
    public static void CheckOutput(TensorSpec output, TorchType type) => Check("output", output, type);

    private static void Check(string kind, TensorSpec tensor, TorchType type)
    {
        if (type.IsText != (tensor.DataType == TensorDataType.Bytes))
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"{kind} '{tensor.Name}' is of the type {type.Text} in the model: expected {(type.IsText ? "TYPE_STRING" : "another type than TYPE_STRING")}, got {tensor.DataType.ProtocolName()}");
        }

        if (!type.IsText && ElementTypes.ToEngine(tensor.DataType) is null)
        {
            throw new BackendException(ErrorCode.Unsupported, $"{kind} '{tensor.Name}' is of the type {tensor.DataType.ProtocolName()}, which this engine does not have; it has {ElementTypes.Known}");
        }
    }
}
