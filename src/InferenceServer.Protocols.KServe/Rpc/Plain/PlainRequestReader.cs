using System.Buffers;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>Reads a plain message into a request, in the order in which <see cref="InferRequestReader"/> does so, and so with the same errors.</summary>
internal static class PlainRequestReader
{
    /// <summary>
    /// Fills <paramref name="request"/>; it stays with the caller, tensors included, when there is an error, and so do the <paramref name="outputs"/> that go to shared memory.
    /// </summary>
    /// <exception cref="BackendException">The memory for a tensor is not to be had.</exception>
    public static InferenceError? Read(PlainMessage message, InferenceRequest request, ITensorAllocator allocator, SharedTensors shared, ref SharedOutputs? outputs)
    {
        foreach (var parameter in message.Parameters)
        {
            InferParameterReader.Keep(request, parameter.Name, parameter.Value);
        }

        foreach (var output in message.Outputs)
        {
            if (output.Range is { } target && shared.ClaimOutput(output.Name, target, ref outputs) is { } error)
            {
                return error;
            }

            request.RequestedOutputs.Add(output.Name);
        }

        return ReadInputs(message, request, allocator, shared);
    }

    private static InferenceError? ReadInputs(PlainMessage message, InferenceRequest request, ITensorAllocator allocator, SharedTensors shared)
    {
        var (entries, sharedBytes) = (0, 0L);
        for (var i = 0; i < message.Inputs.Count; i++)
        {
            var input = message.Inputs[i];
            TensorBuffer? buffer;
            if (input.Range is { } range)
            {
                if (shared.ReadInput(message.ModelName, new InputHead(input.Name, input.DataType, input.Shape), range, ref sharedBytes, out buffer) is { } error)
                {
                    return error;
                }
            }
            else
            {
                buffer = message.Tensors.Count > 0 ? message.TakeTensor(i) : CopyContents(message, entries++, allocator);
            }

            request.AddInput(new TensorView(input.Name, input.DataType, input.Shape, buffer!));
        }

        return null;
    }

    private static TensorBuffer CopyContents(PlainMessage message, int entry, ITensorAllocator allocator)
    {
        var (offset, length) = message.Contents[entry];
        var buffer = allocator.Rent(length);
        message.Bytes.Slice(offset, length).CopyTo(buffer.Span);
        return buffer;
    }
}
