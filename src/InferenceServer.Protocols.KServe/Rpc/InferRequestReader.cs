using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// Reads a message into a request. What only the model can tell (names, types, shapes, batch sizes) is left to the engine; here is what
/// the wire format itself demands.
/// </summary>
internal static class InferRequestReader
{
    /// <summary>
    /// Fills <paramref name="request"/>; it stays with the caller, tensors included, when there is an error, and so do the
    /// <paramref name="outputs"/> that go to shared memory.
    /// </summary>
    /// <exception cref="BackendException">The memory for a tensor is not to be had.</exception>
    public static InferenceError? Read(ModelInferRequest message, InferenceRequest request, ITensorAllocator allocator, SharedTensors shared, ref SharedOutputs? outputs)
    {
        request.Id = message.Id;
        return InferParameterReader.Read(message, request) ?? ReadOutputs(message, request, shared, ref outputs) ?? ReadInputs(message, request, allocator, shared);
    }

    private static InferenceError? ReadOutputs(ModelInferRequest message, InferenceRequest request, SharedTensors shared, ref SharedOutputs? outputs)
    {
        foreach (var output in message.Outputs)
        {
            var place = new TensorPlace("output", output.Name, request.RequestedOutputs.Count);
            var error = RpcRangeReader.Read(message, place, output.Parameters, out var target) ?? InferParameterReader.CheckOutput(message, output);
            error ??= target is null ? null
                : InferParameterReader.ClassesOf(output) > 0 ? TensorErrors.OutputSetsBoth(place, "classification")
                : shared.ClaimOutput(output.Name, target.Value, ref outputs);
            if (error is not null)
            {
                return error;
            }

            request.RequestedOutputs.Add(output.Name);
        }

        return null;
    }

    private static InferenceError? ReadInputs(ModelInferRequest message, InferenceRequest request, ITensorAllocator allocator, SharedTensors shared)
    {
        var rawEntries = 0;
        var sharedBytes = 0L;
        for (var i = 0; i < message.Inputs.Count; i++)
        {
            var input = message.Inputs[i];
            var error = RpcRangeReader.Read(message, new TensorPlace("input", input.Name, i), input.Parameters, out var source);
            if (error is not null || !TryReadType(message, input, out var type, out var shape, out error))
            {
                return error;
            }

            TensorBuffer? buffer;
            if (source is { } range)
            {
                buffer = null;
                error = input.Contents is not null ? InferRequestErrors.SharedAndTyped(message, input.Name) : shared.ReadInput(message.ModelName, new InputHead(input.Name, type, shape), range, ref sharedBytes, out buffer);
            }
            else if (message.RawInputContents.Count == 0)
            {
                error = TypedContentsReader.Read(message, input, type, shape, allocator, out buffer);
            }
            else
            {
                error = ReadRaw(message, input, rawEntries++, type, shape, allocator, out buffer);
            }

            if (buffer is null)
            {
                return error;
            }

            request.AddInput(new TensorView(input.Name, type, shape, buffer));
        }

        // Surplus entries mean that the client's idea of which data belongs to which input differs from ours.
        return message.RawInputContents.Count > rawEntries ? InferRequestErrors.TooManyRawEntries(message, rawEntries) : null;
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

    private static InferenceError? ReadRaw(ModelInferRequest message, ModelInferRequest.Types.InferInputTensor input, int entry, TensorDataType type, in TensorShape shape, ITensorAllocator allocator, out TensorBuffer? buffer)
    {
        buffer = null;
        if (input.Contents is not null)
        {
            return InferRequestErrors.RawAndTyped(message, input.Name);
        }

        if (entry >= message.RawInputContents.Count)
        {
            return InferRequestErrors.NoData(message, input.Name);
        }

        // The elements of a BYTES tensor are counted by the engine, which walks them anyway.
        var raw = message.RawInputContents[entry];
        if (type != TensorDataType.Bytes && shape.TryGetByteCount(type, out var expected) && expected != raw.Length)
        {
            return InferRequestErrors.ByteSize(message, input.Name, expected, raw.Length);
        }

        buffer = allocator.Rent(raw.Length);
        raw.Span.CopyTo(buffer.Span);
        return null;
    }
}
