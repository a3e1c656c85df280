using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Rents from the process and counts what has not come back.</summary>
internal sealed class CountingAllocator : ITensorAllocator
{
    private int _rented;
    private long _largest;

    public int Rented => Volatile.Read(ref _rented);

    public long Largest => Volatile.Read(ref _largest);

    public unsafe TensorBuffer Rent(long length)
    {
        Interlocked.Increment(ref _rented);
        _largest = Math.Max(_largest, length);
        var memory = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), 64);
        return TensorBuffer.Adopt(memory, length, new Owner(this, memory));
    }

    private sealed unsafe class Owner(CountingAllocator allocator, nint memory) : IDisposable
    {
        public void Dispose()
        {
            NativeMemory.AlignedFree((void*)memory);
            Interlocked.Decrement(ref allocator._rented);
        }
    }
}
