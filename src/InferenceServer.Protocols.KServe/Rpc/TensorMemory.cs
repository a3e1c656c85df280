using System.Buffers;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// Shows a tensor's bytes as memory, without copying and without a count of its own: whoever uses it keeps the tensor alive meanwhile.
/// </summary>
internal sealed class TensorMemory(TensorView tensor) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => tensor.Span;

    /// <summary>Native memory does not move, so there is nothing to pin.</summary>
    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)tensor.Length);
        return new MemoryHandle((byte*)tensor.Pointer + elementIndex);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
