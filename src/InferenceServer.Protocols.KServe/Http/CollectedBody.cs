using System.Buffers;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>What has been read of a body, in pooled memory that goes back when it is disposed.</summary>
/// <param name="Array">The memory of a small one; null for a large one.</param>
/// <param name="Buffer">The memory of a large one; null for a small one.</param>
/// <param name="Length">How many bytes there are.</param>
internal readonly record struct CollectedBody(byte[]? Array, TensorBuffer? Buffer, int Length) : IDisposable
{
    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Text => Buffer is null ? Array.AsSpan(0, Length) : Buffer.Span[..Length];

    public void Dispose()
    {
        Buffer?.Dispose();
        if (Array is not null)
        {
            ArrayPool<byte>.Shared.Return(Array);
        }
    }
}
