using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// Reads a message into a request. What only the model can tell (names, types, shapes, batch sizes) is left to the engine; here is what
/// the wire format itself demands.
/// </summary>
internal static class InferRequestReader
{
    /// <summary>Fills <paramref name="request"/>; it stays with the caller, tensors included, when there is an error.</summary>
    /// <exception cref="BackendException">The memory for a tensor is not to be had.</exception>
    public static InferenceError? Read(ModelInferRequest message, InferenceRequest request, ITensorAllocator allocator)
    {
        request.Id = message.Id;
        return InferParameterReader.Read(message, request) ?? ReadOutputs(message, request) ?? ReadInputs(message, request, allocator);
    }

    private static InferenceError? ReadOutputs(ModelInferRequest message, InferenceRequest request)
    {
        foreach (var output in message.Outputs)
        {
            if (InferParameterReader.CheckOutput(message, output) is { } error)
            {
                return error;
            }

            request.RequestedOutputs.Add(output.Name);
        }

        return null;
    }

    private static InferenceError? ReadInputs(ModelInferRequest message, InferenceRequest request, ITensorAllocator allocator)
    {
        for (var i = 0; i < message.Inputs.Count; i++)
        {
            var input = message.Inputs[i];
            var error = InferParameterReader.CheckInput(message, input);
            if (error is not null || !TryReadType(message, input, out var type, out var shape, out error))
            {
                return error;
            }

            TensorBuffer? buffer;
            if (message.RawInputContents.Count == 0)
            {
                error = TypedContentsReader.Read(message, input, type, shape, allocator, out buffer);
            }
            else
            {
                error = ReadRaw(message, i, type, shape, allocator, out buffer);
            }

            if (buffer is null)
            {
                return error;
            }

            request.AddInput(new TensorView(input.Name, type, shape, buffer));
        }

        // Surplus entries mean that the client's idea of which data belongs to which input differs from ours.
        return message.RawInputContents.Count > message.Inputs.Count ? InferRequestErrors.TooManyRawEntries(message) : null;
    }

    private static bool TryReadType(ModelInferRequest message, ModelInferRequest.Types.InferInputTensor input, out TensorDataType type, out TensorShape shape, out InferenceError? error)
    {
        shape = default;
        error = null;
        if (!TensorDataTypes.TryParse(input.Datatype, out type))
        {
            error = InferRequestErrors.DataType(message, input.Name, input.Datatype);
            return false;
        }

        if (input.Shape.Count > TensorShape.MaxRank)
        {
            error = InferRequestErrors.Rank(message, input.Name, input.Shape.Count);
            return false;
        }

        Span<long> dimensions = stackalloc long[input.Shape.Count];
        for (var i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = input.Shape[i];
            if (dimensions[i] < 0)
            {
                error = InferRequestErrors.NegativeDimension(message, input.Name, input.Shape);
                return false;
            }
        }

        shape = new TensorShape(dimensions);
        if (!shape.TryGetElementCount(out _) || (type != TensorDataType.Bytes && !shape.TryGetByteCount(type, out _)))
        {
            error = InferRequestErrors.TooLarge(message, input.Name, shape);
            return false;
        }

        return true;
    }

    private static InferenceError? ReadRaw(ModelInferRequest message, int index, TensorDataType type, in TensorShape shape, ITensorAllocator allocator, out TensorBuffer? buffer)
    {
        buffer = null;
        var input = message.Inputs[index];
        if (input.Contents is not null)
        {
            return InferRequestErrors.RawAndTyped(message, input.Name);
        }

        if (index >= message.RawInputContents.Count)
        {
            return InferRequestErrors.NoData(message, input.Name);
        }

        // The elements of a BYTES tensor are counted by the engine, which walks them anyway.
        var raw = message.RawInputContents[index];
        if (type != TensorDataType.Bytes && shape.TryGetByteCount(type, out var expected) && expected != raw.Length)
        {
            return InferRequestErrors.ByteSize(message, input.Name, expected, raw.Length);
        }

        buffer = allocator.Rent(raw.Length);
        raw.Span.CopyTo(buffer.Span);
        return null;
    }
}
