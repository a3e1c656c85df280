using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Rents from the process and counts what has not come back.</summary>
internal sealed class CountingAllocator : ITensorAllocator
{
    private int _rented;
    private long _largest;

    /// <summary>What has not come back. A client has its answer a moment before the server has given all back: so long is waited.</summary>
    public int Rented
    {
        get
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref _rented) == 0, TimeSpan.FromSeconds(2));
            return Volatile.Read(ref _rented);
        }
    }

    public long Largest => Volatile.Read(ref _largest);

    /// <summary>Called at each rent.</summary>
    public Action? Renting { get; set; }

    public unsafe TensorBuffer Rent(long length)
    {
        Renting?.Invoke();
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
