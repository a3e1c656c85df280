using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Finds out which tensor a request means that is nothing but the bytes of the model's only input.</summary>
internal static class RawShape
{
    /// <summary>Deduces the input from the model and from how many bytes came. A model that batches gets a batch of one.</summary>
    public static InferenceError? Deduce(ModelConfig model, long bytes, out InputHead head)
    {
        head = default;
        if (model.Inputs.Length != 1)
        {
            return RequestErrors.RawInputs(model.Name, model.Inputs.Length);
        }

        var input = model.Inputs[0];
        Span<long> dimensions = stackalloc long[TensorShape.MaxRank];
        var rank = input.Shape.Rank;
        input.Shape.AsSpan().CopyTo(dimensions);
        dimensions = dimensions[..rank];
        if (model.IsBatching && rank > 0)
        {
            dimensions[0] = 1;
        }

        if (input.DataType == TensorDataType.Bytes)
        {
            var own = model.IsBatching && rank > 0 ? dimensions[1..] : dimensions;
            head = new InputHead(input.Name, input.DataType, new TensorShape(dimensions));
            return own is [1] ? null : RequestErrors.RawBytesShape(input.Name, input.Shape);
        }

        var free = dimensions.IndexOf(TensorShape.Free);
        if (free >= 0)
        {
            dimensions[free] = 1;
            if (dimensions.Contains(TensorShape.Free))
            {
                return RequestErrors.RawFreeDimensions(input.Name, input.Shape);
            }

            // A size that does not divide evenly is left for the engine to refuse: it names what it expected.
            new TensorShape(dimensions).TryGetByteCount(input.DataType, out var rest);
            dimensions[free] = rest == 0 ? 0 : bytes / rest;
        }

        head = new InputHead(input.Name, input.DataType, new TensorShape(dimensions));
        return null;
    }
}
