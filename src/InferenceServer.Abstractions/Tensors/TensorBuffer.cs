using System.Diagnostics;

namespace InferenceServer.Abstractions.Tensors;

/// <summary>
/// A counted owner of native memory that holds tensor elements. It starts with a count of one, which belongs to whoever made or
/// rented it. <see cref="Acquire"/> adds one, <see cref="Dispose"/> takes one back, and the memory is given back when none is
/// left: never because "the request has ended", since a batch or a slow response may still read it.
/// </summary>
public abstract class TensorBuffer : IDisposable
{
    private int _count = 1;

    /// <summary>Describes <paramref name="length"/> bytes at <paramref name="pointer"/>.</summary>
    protected TensorBuffer(nint pointer, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Pointer = pointer;
        Length = length;
    }

    /// <summary>The first byte. Memory that the server allocates is aligned to 64 bytes; adopted memory as its engine left it.</summary>
    public nint Pointer { get; private set; }

    /// <summary>How many bytes there are; 0 for an empty tensor.</summary>
    public long Length { get; private set; }

    /// <summary>How many owners there are now. For tests and leak reports.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>All the bytes.</summary>
    /// <exception cref="OverflowException">There are more than 2 GiB; use <see cref="Slice"/>.</exception>
    public Span<byte> Span => Slice(0, checked((int)Length));

    /// <summary>Takes memory that something else has allocated; <paramref name="owner"/> is disposed with the last count.</summary>
    public static TensorBuffer Adopt(nint pointer, long length, IDisposable owner) => new AdoptedTensorBuffer(pointer, length, owner);

    /// <summary>Some of the bytes.</summary>
    public unsafe Span<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _count) <= 0, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new Span<byte>((void*)(Pointer + (nint)offset), length);
    }

    /// <summary>Adds an owner and returns this buffer. The caller must be an owner, or hold one alive, while it asks.</summary>
    public TensorBuffer Acquire()
    {
        if (Interlocked.Increment(ref _count) <= 1)
        {
            Interlocked.Decrement(ref _count);
            ObjectDisposedException.ThrowIf(true, this);
        }

        return this;
    }

    /// <summary>Takes one owner away; the last one gives the memory back.</summary>
    public void Dispose()
    {
        var left = Interlocked.Decrement(ref _count);
        Debug.Assert(left >= 0, "a tensor buffer was released more often than it was acquired");
        if (left == 0)
        {
            Free();
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>Gives the memory back. Called once, by the owner that was the last.</summary>
    protected abstract void Free();

    /// <summary>Makes a returned buffer usable again, with a count of one and another length within the same memory.</summary>
    protected void Revive(nint pointer, long length)
    {
        Debug.Assert(_count == 0, "only a buffer without owners can be rented out again");
        Pointer = pointer;
        Length = length;
        Volatile.Write(ref _count, 1);
    }

    private sealed class AdoptedTensorBuffer(nint pointer, long length, IDisposable owner) : TensorBuffer(pointer, length)
    {
        protected override void Free() => owner.Dispose();
    }
}
