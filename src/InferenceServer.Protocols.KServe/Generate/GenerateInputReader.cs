using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Payloads;

namespace InferenceServer.Protocols.KServe.Generate;

/// <summary>
/// Reads a value, or arrays of values, that stands for an input by its name alone: the type is the model's, the shape follows from the
/// nesting where that is the model's, and from the number of elements otherwise.
/// </summary>
internal sealed class GenerateInputReader(ITensorAllocator allocator, int maxBytes)
{
    private readonly TensorDataReader _data = new(allocator, maxBytes);

    /// <summary>Reads the value that comes next and adds it to <paramref name="inputs"/>.</summary>
    public InferenceError? Read(ref JsonCursor json, ModelTensor input, List<HeaderInput> inputs)
    {
        // Passed over once to find out the shape, so that the elements then go straight to where they belong.
        var ahead = json;
        var walker = ElementWalker.Measure(ref ahead, out var elements);
        if (ahead.Failed)
        {
            return RequestErrors.Json(ahead);
        }

        var head = new InputHead(input.Name, input.DataType, input.Shape);
        if (!walker.TryGetShape(out var nesting))
        {
            return RequestErrors.Nesting(head, walker.Describe());
        }

        if (nesting.Rank <= 1 || !RowShape.TryFit(input.Shape, nesting, out var shape))
        {
            if (!GenerateShape.TryMake(input.Shape, elements, out shape))
            {
                return GenerateErrors.Shape(input, elements);
            }

            if (elements > 0 && !walker.Agrees(shape))
            {
                return RequestErrors.Nesting(head, walker.Describe());
            }
        }

        if (_data.ReadValue(ref json, head with { Shape = nesting }, out var buffer) is { } error)
        {
            return error;
        }

        inputs.Add(new HeaderInput(head with { Shape = shape }, buffer, 0));
        var sum = 0L;
        foreach (var read in inputs)
        {
            sum += read.Data!.Length;
        }

        return sum > maxBytes ? GenerateErrors.Sum(input.Name, sum, maxBytes) : null;
    }
}
