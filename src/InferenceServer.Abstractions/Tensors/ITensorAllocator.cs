namespace InferenceServer.Abstractions.Tensors;

/// <summary>Gives out tensor memory.</summary>
public interface ITensorAllocator
{
    /// <summary>
    /// A buffer of exactly <paramref name="length"/> bytes, aligned to 64, with a count of one. The content is undefined.
    /// Disposing the last count returns the memory.
    /// </summary>
    /// <exception cref="Errors.BackendException">The memory is not to be had (<see cref="Errors.ErrorCode.ResourceExhausted"/>).</exception>
    TensorBuffer Rent(long length);
}
