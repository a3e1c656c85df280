using System.Runtime.InteropServices;

namespace InferenceServer.Backends.Trees;

/// <summary>Native memory for the time of one execution.</summary>
internal readonly unsafe struct NativeBlock : IDisposable
{
    private const int Alignment = 64;

    private readonly void* _memory;

    public NativeBlock(long bytes) => _memory = NativeMemory.AlignedAlloc(checked((nuint)Math.Max(1, bytes)), Alignment);

    public nint Pointer => (nint)_memory;

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
