using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.SharedMemory;

/// <summary>
/// The data plane of shared memory: tensors come out of regions and go into them. They are copied, never used in place, so that a client
/// that changes, shortens or removes its object harms nobody but itself.
/// </summary>
public interface ISharedMemoryTensors
{
    /// <summary>Copies a part of a region into memory of its own.</summary>
    /// <param name="range">The part.</param>
    /// <param name="allocator">Where the memory comes from.</param>
    /// <param name="buffer">The bytes, of exactly the range's length, with a count for the caller.</param>
    /// <param name="error">NotFound (no such region), InvalidArgument (the part is not within it, or the object has been shortened), ResourceExhausted or Internal (the system, or the driver of the device, refuses).</param>
    /// <exception cref="BackendException">The memory is not to be had.</exception>
    bool TryRead(in SharedMemoryRange range, ITensorAllocator allocator, [NotNullWhen(true)] out TensorBuffer? buffer, [NotNullWhen(false)] out InferenceError? error);

    /// <summary>Reserves a part of a region for an output: it can be written to until the claim is disposed, even if the region is unregistered.</summary>
    /// <param name="range">The part.</param>
    /// <param name="claim">The claim, which the caller disposes.</param>
    /// <param name="error">NotFound (no such region) or InvalidArgument (the part is not within it).</param>
    bool TryClaim(in SharedMemoryRange range, [NotNullWhen(true)] out SharedMemoryClaim? claim, [NotNullWhen(false)] out InferenceError? error);
}
