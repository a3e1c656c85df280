using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>Finds the tensors that requests have in shared memory.</summary>
/// <param name="engine">Where they are found.</param>
/// <param name="limit">The most bytes that the inputs of one request may take from there together: the limit of a request that carries its tensors itself.</param>
internal sealed class SharedTensors(IInferenceEngine engine, long limit)
{
    /// <summary>Copies an input.</summary>
    /// <param name="model">The model's name, for messages.</param>
    /// <param name="input">The input; what does not fit its type and shape is refused before anything is copied.</param>
    /// <param name="range">Where it is.</param>
    /// <param name="total">How many bytes the request has taken so far; the input's are added.</param>
    /// <param name="buffer">Its bytes, with a count for the caller.</param>
    /// <returns>Why it cannot be read, or null.</returns>
    /// <exception cref="BackendException">The memory for it is not to be had.</exception>
    public InferenceError? ReadInput(string model, in InputHead input, in SharedMemoryRange range, ref long total, out TensorBuffer? buffer)
    {
        buffer = null;
        var place = new TensorPlace("input", input.Name, 0);
        if (range.ByteSize > limit - total)
        {
            return TensorErrors.TooMuch(place, limit);
        }

        if (input.DataType != TensorDataType.Bytes && input.Shape.TryGetByteCount(input.DataType, out var expected) && expected != range.ByteSize)
        {
            return TensorErrors.InputSize(place, model, input.Name, expected, range.ByteSize);
        }

        total += range.ByteSize;
        return engine.SharedMemory.TryRead(range, engine.Allocator, out buffer, out var error) ? null : TensorErrors.Of(place, error);
    }

    /// <summary>Reserves the place of an output.</summary>
    /// <param name="output">The output's name.</param>
    /// <param name="range">Where it goes.</param>
    /// <param name="outputs">The outputs that have a place; made when this is the first.</param>
    /// <returns>Why it cannot go there, or null.</returns>
    public InferenceError? ClaimOutput(string output, in SharedMemoryRange range, ref SharedOutputs? outputs)
    {
        if (!engine.SharedMemory.TryClaim(range, out var claim, out var error))
        {
            return TensorErrors.Of(new TensorPlace("output", output, 0), error);
        }

        (outputs ??= new SharedOutputs()).Add(output, claim);
        return null;
    }
}
