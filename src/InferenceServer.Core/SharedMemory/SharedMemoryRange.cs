namespace InferenceServer.Core.SharedMemory;

/// <summary>The part of a region that a request names for one of its tensors. Whether it exists shows when it is used.</summary>
/// <param name="Region">The region's name.</param>
/// <param name="Offset">Where the part begins in the region, in bytes; at least 0.</param>
/// <param name="ByteSize">How long the part is, in bytes; at least 0.</param>
public readonly record struct SharedMemoryRange(string Region, long Offset, long ByteSize);
