using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>
/// Counts what it gives out, and overwrites what comes back, so that a reader who comes too late reads nonsense. The memory itself is
/// freed with the allocator.
/// </summary>
internal sealed class PoisoningAllocator : ITensorAllocator, IDisposable
{
    private const byte Poison = 0xDD;

    private readonly List<nint> _memory = [];
    private int _rented;
    private int _outstanding;

    public long Limit { get; set; } = long.MaxValue;

    public int Rented => Volatile.Read(ref _rented);

    public int Outstanding => Volatile.Read(ref _outstanding);

    public unsafe TensorBuffer Rent(long length)
    {
        if (length > Limit)
        {
            throw new BackendException(ErrorCode.ResourceExhausted, $"there is no memory for a tensor of {length} bytes");
        }

        var pointer = (nint)NativeMemory.Alloc((nuint)Math.Max(1, length));
        new Span<byte>((void*)pointer, checked((int)length)).Fill(Poison);
        lock (_memory)
        {
            _memory.Add(pointer);
        }

        Interlocked.Increment(ref _rented);
        Interlocked.Increment(ref _outstanding);
        return TensorBuffer.Adopt(pointer, length, new Owner(this, pointer, (int)length));
    }

    public unsafe void Dispose()
    {
        foreach (var pointer in _memory)
        {
            NativeMemory.Free((void*)pointer);
        }
    }

    private sealed class Owner(PoisoningAllocator allocator, nint pointer, int length) : IDisposable
    {
        public unsafe void Dispose()
        {
            new Span<byte>((void*)pointer, length).Fill(Poison);
            Interlocked.Decrement(ref allocator._outstanding);
        }
    }
}
