using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.SharedMemory;

/// <summary>The control plane of shared memory: which regions there are.</summary>
public interface ISharedMemoryControl
{
    /// <summary>Why no client may register or unregister anything; null when clients may. Unsupported: it is switched off, or not on this system.</summary>
    InferenceError? Refusal { get; }

    /// <summary>Registers a part of a POSIX shared memory object, which must exist and be readable and writable for the server.</summary>
    /// <param name="name">What requests are to call it.</param>
    /// <param name="key">The object's name, with or without a slash before it.</param>
    /// <param name="offset">Where the part begins, in bytes; a multiple of the page size.</param>
    /// <param name="byteSize">How long the part is, in bytes; above 0, and within the object.</param>
    /// <returns>
    /// Null when it is registered; otherwise the <see cref="Refusal"/>, AlreadyExists, InvalidArgument, or
    /// ResourceExhausted (a limit of regions, of their bytes or of file descriptors).
    /// </returns>
    InferenceError? RegisterSystem(string name, string key, ulong offset, ulong byteSize);

    /// <summary>Registers memory of a CUDA device, by the handle that its process has of an allocation. The first call loads the driver.</summary>
    /// <param name="name">What requests are to call it.</param>
    /// <param name="handle">The handle, of 64 bytes.</param>
    /// <param name="device">The device's number.</param>
    /// <param name="byteSize">How long the region is, from the beginning of the allocation on, in bytes; above 0, and within the allocation.</param>
    /// <returns>
    /// Null when it is registered; otherwise the <see cref="Refusal"/>, AlreadyExists, InvalidArgument (also when there is no driver or no
    /// device), or ResourceExhausted (a limit of regions or of their bytes, or memory of the device).
    /// </returns>
    InferenceError? RegisterCuda(string name, ReadOnlySpan<byte> handle, long device, ulong byteSize);

    /// <summary>Lists regions of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="name">A region's name; empty for all of them.</param>
    /// <param name="regions">The one, or all by their names.</param>
    /// <param name="error">NotFound when there is no region of that name, or it is of the other kind.</param>
    bool TryList(SharedMemoryKind kind, string name, out ImmutableArray<SharedMemoryRegion> regions, [NotNullWhen(false)] out InferenceError? error);

    /// <summary>
    /// Takes regions of a kind out. A request that already uses one goes on using it; its memory is let go when the last of them has ended.
    /// </summary>
    /// <param name="kind">The kind; a region of the other kind stays.</param>
    /// <param name="name">A region's name, which need not be known; empty for all of them.</param>
    /// <returns>Null, or the <see cref="Refusal"/>.</returns>
    InferenceError? Unregister(SharedMemoryKind kind, string name);
}
