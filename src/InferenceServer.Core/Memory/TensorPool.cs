using System.Numerics;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Memory;

/// <summary>
/// Rents native tensor memory in size classes of powers of two. Buffer objects are reused together with their memory, so that a
/// steady load allocates nothing; what lies unused is bounded and never reaches the garbage collector's large-object heap.
/// </summary>
public sealed class TensorPool : ITensorAllocator, IDisposable
{
    private const int SmallestShift = 8;
    private const int Alignment = 64;

    private readonly TensorPoolOptions _options;
    private readonly SizeClass[] _classes;
    private long _retainedBytes;
    private long _rentedBytes;
    private long _rentedBuffers;
    private volatile bool _disposed;

    /// <summary>Makes an empty pool.</summary>
    public TensorPool(TensorPoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.LargestPooledBuffer, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.RetainedBytes, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MappedFrom, nameof(options));
        _options = options;
        _classes = new SizeClass[Math.Max(1, ClassOf(Math.Max(1, options.LargestPooledBuffer)) + 1)];
        for (var i = 0; i < _classes.Length; i++)
        {
            _classes[i] = new SizeClass();
        }
    }

    /// <summary>Bytes of memory that is rented out now.</summary>
    public long RentedBytes => Interlocked.Read(ref _rentedBytes);

    /// <summary>Buffers that are rented out now.</summary>
    public long RentedBuffers => Interlocked.Read(ref _rentedBuffers);

    /// <summary>Bytes of memory that lie unused in the pool.</summary>
    public long RetainedBytes => Interlocked.Read(ref _retainedBytes);

    /// <inheritdoc />
    public TensorBuffer Rent(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var index = ClassOf(Math.Max(1, length));
        PooledBuffer? buffer = null;
        if (index < _classes.Length && _classes[index].TryPop(out buffer))
        {
            Interlocked.Add(ref _retainedBytes, -buffer.Capacity);
            buffer.Rent(length);
        }

        buffer ??= Allocate(length, index);
        Interlocked.Add(ref _rentedBytes, buffer.Capacity);
        Interlocked.Increment(ref _rentedBuffers);
        return buffer;
    }

    /// <summary>Gives all unused memory back to the operating system.</summary>
    public void Trim()
    {
        foreach (var sizeClass in _classes)
        {
            while (sizeClass.TryPop(out var buffer))
            {
                Interlocked.Add(ref _retainedBytes, -buffer.Capacity);
                buffer.FreeMemory();
            }
        }
    }

    /// <summary>Gives all unused memory back; what is still rented is freed when it is returned.</summary>
    public void Dispose()
    {
        _disposed = true;
        Trim();
    }

    private static int ClassOf(long length) => Math.Max(0, BitOperations.Log2((ulong)(length - 1)) + 1 - SmallestShift);

    private bool IsMapped(long capacity) => _options.MappedFrom > 0 && capacity >= _options.MappedFrom && PageMapping.IsSupported;

    private unsafe PooledBuffer Allocate(long length, int index)
    {
        // Large buffers are not rounded up to a power of two: they are not kept, so rounding would only waste memory.
        var capacity = index < _classes.Length ? 1L << (index + SmallestShift) : length;
        if (IsMapped(capacity))
        {
            return PageMapping.TryMap(capacity, out var address) ? new PooledBuffer(this, index, address, length, capacity) : throw NoMemory(length, null);
        }

        try
        {
            return new PooledBuffer(this, index, (nint)NativeMemory.AlignedAlloc((nuint)capacity, Alignment), length, capacity);
        }
        catch (OutOfMemoryException exception)
        {
            throw NoMemory(length, exception);
        }
    }

    private static BackendException NoMemory(long length, Exception? cause) => new(ErrorCode.ResourceExhausted, $"there is no memory for a tensor of {length} bytes", cause);

    private void Return(PooledBuffer buffer)
    {
        Interlocked.Add(ref _rentedBytes, -buffer.Capacity);
        Interlocked.Decrement(ref _rentedBuffers);
        if (_disposed || buffer.ClassIndex >= _classes.Length)
        {
            buffer.FreeMemory();
            return;
        }

        if (Interlocked.Add(ref _retainedBytes, buffer.Capacity) > _options.RetainedBytes)
        {
            Interlocked.Add(ref _retainedBytes, -buffer.Capacity);
            buffer.FreeMemory();
            return;
        }

        _classes[buffer.ClassIndex].Push(buffer);
        if (_disposed)
        {
            Trim();
        }
    }

    private sealed class SizeClass
    {
        private readonly Lock _lock = new();
        private PooledBuffer? _top;

        public bool TryPop([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PooledBuffer? buffer)
        {
            lock (_lock)
            {
                buffer = _top;
                _top = buffer?.Next;
            }

            if (buffer is null)
            {
                return false;
            }

            buffer.Next = null;
            return true;
        }

        public void Push(PooledBuffer buffer)
        {
            lock (_lock)
            {
                buffer.Next = _top;
                _top = buffer;
            }
        }
    }

    private sealed class PooledBuffer : TensorBuffer
    {
        private readonly TensorPool _pool;
        private readonly nint _memory;

        public PooledBuffer(TensorPool pool, int classIndex, nint memory, long length, long capacity)
            : base(memory, length)
        {
            _pool = pool;
            _memory = memory;
            ClassIndex = classIndex;
            Capacity = capacity;
        }

        public int ClassIndex { get; }

        public long Capacity { get; }

        public PooledBuffer? Next { get; set; }

        public void Rent(long newLength) => Revive(_memory, newLength);

        public unsafe void FreeMemory()
        {
            if (_pool.IsMapped(Capacity))
            {
                PageMapping.Unmap(_memory, Capacity);
            }
            else
            {
                NativeMemory.AlignedFree((void*)_memory);
            }
        }

        protected override void Free() => _pool.Return(this);
    }
}
