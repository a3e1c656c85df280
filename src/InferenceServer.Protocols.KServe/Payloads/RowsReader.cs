using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>Reads a JSON array without a request around it: the rows of the only input that the model needs.</summary>
internal sealed class RowsReader(ITensorAllocator allocator, int maxBytes)
{
    private readonly TensorDataReader _data = new(allocator, maxBytes);

    /// <summary>Reads the array that comes next, and the end of the document.</summary>
    public InferenceError? Read(ref JsonCursor json, ModelConfig model, InferHeader header)
    {
        // Passed over once to find out the shape, so that the elements then go straight to where they belong.
        var ahead = json;
        var walker = ElementWalker.Measure(ref ahead, out _);
        if (!ahead.TryEnd())
        {
            return RequestErrors.Json(ahead);
        }

        if (!SoleInput.TryFind(model, out var input))
        {
            return PayloadErrors.NoSoleInput(model, "a JSON array");
        }

        if (!walker.TryGetShape(out var nesting))
        {
            return PayloadErrors.Ragged(input, walker.Describe());
        }

        if (nesting[0] == 0)
        {
            return PayloadErrors.NoRows(input);
        }

        if (!RowShape.TryFit(input.Shape, nesting, out var shape))
        {
            return PayloadErrors.Shape(input, "the array", nesting);
        }

        // Read as it is nested: what its elements are to the model follows from their order alone.
        if (_data.Read(ref json, new InputHead(input.Name, input.DataType, nesting), out var buffer) is { } error)
        {
            return error;
        }

        header.Inputs.Add(new HeaderInput(new InputHead(input.Name, input.DataType, shape), buffer, 0));
        return null;
    }
}
