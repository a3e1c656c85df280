namespace InferenceServer.Core.Memory;

/// <summary>Limits of the pool of tensor memory.</summary>
public sealed record TensorPoolOptions
{
    /// <summary>Buffers larger than this are not kept: they are given back to the operating system at once. Bytes.</summary>
    public long LargestPooledBuffer { get; init; } = 16L << 20;

    /// <summary>How much unused memory the pool keeps for the next requests. Bytes.</summary>
    public long RetainedBytes { get; init; } = 64L << 20;
}
