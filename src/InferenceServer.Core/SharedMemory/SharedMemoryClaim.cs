using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.SharedMemory;

/// <summary>A part of a region that a request may write to. Keeps its memory open until it is disposed, exactly once.</summary>
public sealed class SharedMemoryClaim : IDisposable
{
    private readonly RegionMemory _memory;
    private readonly string _region;
    private readonly long _offset;
    private int _isDisposed;

    /// <summary>Takes over a count of the memory.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="region">The region's name, for errors.</param>
    /// <param name="offset">Where the part begins in the memory.</param>
    /// <param name="byteSize">How long it is.</param>
    internal SharedMemoryClaim(RegionMemory memory, string region, long offset, long byteSize)
    {
        _memory = memory;
        _region = region;
        _offset = offset;
        ByteSize = byteSize;
    }

    /// <summary>How many bytes may be written.</summary>
    public long ByteSize { get; }

    /// <summary>Writes a tensor's bytes at the beginning of the part.</summary>
    /// <param name="tensor">The tensor, no longer than <see cref="ByteSize"/>.</param>
    /// <returns>
    /// Null; InvalidArgument when an object of the system has been shortened; ResourceExhausted when there is no memory for what is written;
    /// Internal when the driver of a device refuses.
    /// </returns>
    public InferenceError? Write(in TensorView tensor)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tensor.Length, ByteSize, nameof(tensor));
        return _memory.Write(_region, _offset, tensor);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _memory.Release();
        }
    }
}
