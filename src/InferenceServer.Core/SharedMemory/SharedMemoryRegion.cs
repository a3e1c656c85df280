namespace InferenceServer.Core.SharedMemory;

/// <summary>A region as its client registered it.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Key">The name of the POSIX object that it is a part of; empty for memory of a device.</param>
/// <param name="Offset">Where it begins in the object, in bytes.</param>
/// <param name="ByteSize">How long it is, in bytes; above 0.</param>
public sealed record SharedMemoryRegion(string Name, string Key, long Offset, long ByteSize)
{
    /// <summary>The number of the CUDA device that it is on; null for memory of the machine.</summary>
    public int? Device { get; init; }

    /// <summary>Where its memory lies.</summary>
    public SharedMemoryKind Kind => Device is null ? SharedMemoryKind.System : SharedMemoryKind.Cuda;
}
