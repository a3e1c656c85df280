namespace InferenceServer.Core.Memory;

/// <summary>Limits of the pool of tensor memory.</summary>
public sealed record TensorPoolOptions
{
    /// <summary>Buffers larger than this are not kept: they are given back to the operating system at once. Bytes.</summary>
    public long LargestPooledBuffer { get; init; } = 16L << 20;

    /// <summary>How much unused memory the pool keeps for the next requests. Bytes.</summary>
    public long RetainedBytes { get; init; } = 64L << 20;

    /// <summary>
    /// From which size on a buffer is memory that the operating system has back as soon as it is not kept, where there is little of it. Mapping costs more than taking from a heap. 0 for none. Bytes.
    /// </summary>
    public long MappedFrom { get; init; }
}
