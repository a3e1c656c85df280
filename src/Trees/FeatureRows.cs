using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Trees;

/// <summary>The rows of one execution, where the library can read them: in place, or copied when they lie at an odd address.</summary>
internal readonly unsafe struct FeatureRows : IDisposable
{
    private readonly NativeBlock _copy;

    /// <param name="batch">The execution.</param>
    /// <param name="signature">What the model takes.</param>
    /// <exception cref="BackendException">The input is not what the model takes, or nobody waits for the result any more.</exception>
    public FeatureRows(ExecutionBatch batch, ModelSignature signature)
    {
        if (batch.Cancellation.IsCancellationRequested)
        {
            throw new BackendException(ErrorCode.Cancelled, "the execution was cancelled, since nobody waits for its result any more");
        }

        var expected = signature.Inputs[0];
        if (batch.Inputs is not [var input])
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"expected the input '{expected.Name}' and no other, got {batch.Inputs.Length} inputs");
        }

        if (input.DataType != expected.DataType || !expected.Shape.Accepts(input.Shape))
        {
            throw new BackendException(
                ErrorCode.InvalidArgument,
                $"input '{expected.Name}': expected {expected.DataType.ProtocolName()} of the shape {expected.Shape}, got {input.DataType.ProtocolName()} of the shape {input.Shape}");
        }

        if (!input.Shape.TryGetByteCount(input.DataType, out var bytes) || bytes != input.Length || input.Shape[0] > int.MaxValue)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"input '{expected.Name}' of the shape {input.Shape}: expected {bytes} bytes, got {input.Length}");
        }

        DataType = input.DataType;
        Count = (int)input.Shape[0];
        Columns = (int)input.Shape[1];
        Pointer = input.Pointer;
        if (Pointer % DataType.ElementSize() != 0)
        {
            _copy = new NativeBlock(bytes);
            Buffer.MemoryCopy((void*)input.Pointer, (void*)_copy.Pointer, bytes, bytes);
            Pointer = _copy.Pointer;
        }
    }

    /// <summary>The first feature of the first row; aligned to its size.</summary>
    public nint Pointer { get; }

    public TensorDataType DataType { get; }

    /// <summary>How many rows there are; 0 is possible.</summary>
    public int Count { get; }

    public int Columns { get; }

    /// <summary>Bytes a row.</summary>
    public long Stride => (long)Columns * DataType.ElementSize();

    public void Dispose() => _copy.Dispose();
}
