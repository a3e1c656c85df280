using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.TestKit.Memory;

internal sealed unsafe class NativeTensorBuffer : TensorBuffer
{
    private const int Alignment = 64;
    private const byte Rubbish = 0xCD;

    private readonly nint _allocation;
    private readonly Action _freed;

    public NativeTensorBuffer(long length, int misalignment, Action freed)
        : this(Allocate(length, misalignment), length, misalignment, freed)
    {
    }

    private NativeTensorBuffer(nint allocation, long length, int misalignment, Action freed)
        : base(allocation + misalignment, length)
    {
        _allocation = allocation;
        _freed = freed;
    }

    protected override void Free()
    {
        // A reader that comes too late sees rubbish rather than what it hoped for.
        NativeMemory.Fill((void*)Pointer, (nuint)Length, Rubbish);
        NativeMemory.AlignedFree((void*)_allocation);
        _freed();
    }

    private static nint Allocate(long length, int misalignment)
    {
        var size = (nuint)Math.Max(1, length + misalignment);
        var memory = NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Fill(memory, size, Rubbish);
        return (nint)memory;
    }
}
