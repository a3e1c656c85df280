using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.SharedMemory;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>The three parameters of a tensor that say where in shared memory it is, as they have come so far.</summary>
internal struct RangeParameters
{
    public const string RegionName = "shared_memory_region";
    public const string ByteSizeName = "shared_memory_byte_size";
    public const string OffsetName = "shared_memory_offset";

    public string? Region { get; set; }

    public long? ByteSize { get; set; }

    public long? Offset { get; set; }

    /// <summary>Puts them together.</summary>
    /// <param name="tensor">The tensor, for errors.</param>
    /// <param name="range">Where the tensor is; null when it is not in shared memory.</param>
    /// <returns>Which of them is missing, or null.</returns>
    public readonly InferenceError? Resolve(in TensorPlace tensor, out SharedMemoryRange? range)
    {
        range = null;
        if (Region is null)
        {
            return ByteSize is not null ? TensorErrors.WithoutRegion(ByteSizeName, tensor)
                : Offset is not null ? TensorErrors.WithoutRegion(OffsetName, tensor)
                : null;
        }

        if (ByteSize is not { } byteSize)
        {
            return TensorErrors.WithoutByteSize(tensor);
        }

        range = new SharedMemoryRange(Region, Offset ?? 0, byteSize);
        return null;
    }
}
