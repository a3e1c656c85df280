using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.BackendOverhead.Batches;

/// <summary>Memory that is handed out again once it has been given back, as the server's pool does.</summary>
internal sealed unsafe class ReusedBuffer(long capacity) : TensorBuffer((nint)NativeMemory.AlignedAlloc((nuint)Math.Max(capacity, 64), 64), capacity)
{
    /// <summary>Hands it out. It must be free, and the length no more than its capacity.</summary>
    public ReusedBuffer Rent(long length)
    {
        Revive(Pointer, length);
        return this;
    }

    protected override void Free()
    {
        // Kept for the next execution.
    }
}
