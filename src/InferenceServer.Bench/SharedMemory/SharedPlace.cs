namespace InferenceServer.Bench.SharedMemory;

/// <summary>Where a tensor is in shared memory.</summary>
/// <param name="Tensor">The tensor's name.</param>
/// <param name="Region">The name of the region.</param>
/// <param name="Offset">Where it begins in the region, in bytes.</param>
/// <param name="ByteSize">How many bytes it has, or may have.</param>
internal readonly record struct SharedPlace(string Tensor, string Region, long Offset, long ByteSize)
{
    public const string RegionParameter = "shared_memory_region";
    public const string ByteSizeParameter = "shared_memory_byte_size";
    public const string OffsetParameter = "shared_memory_offset";
}
