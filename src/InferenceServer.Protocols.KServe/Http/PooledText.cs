using System.Buffers;
using System.IO.Pipelines;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using Microsoft.Extensions.ObjectPool;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Collects output whose length must be known before it is sent. Grows in pieces of pooled memory, so that nothing is copied while it
/// grows; disposing it gives them back. What may become large is collected in tensor memory, of which a bounded part is kept: the shared pool of arrays keeps dozens of each size, and the others lie on the
/// heap of large objects until the garbage collector looks at that.
/// </summary>
internal sealed class PooledText : IBufferWriter<byte>, IDisposable
{
    private const int FirstPiece = 4096;
    private const int LargestPiece = 1 << 20;

    /// <summary>Larger arrays are large objects.</summary>
    private const int LargestSmallObject = 64 << 10;

    /// <summary>The longest list of pieces that is kept: that of a text of a megabyte.</summary>
    private const int MaxKept = 16;

    /// <summary>How much is handed to a pipe between two flushes: less than this leaves in one piece.</summary>
    private const int FlushStep = 128 << 10;

    // The objects are used again too: one is needed for every answer.
    private const int MaxIdle = 256;
    private static readonly ObjectPool<PooledText> s_pool = new DefaultObjectPool<PooledText>(new DefaultPooledObjectPolicy<PooledText>(), MaxIdle);

    private bool _isRented;

    // Most texts fit the first piece.
    private List<(TextPiece Piece, int Used)>? _full;
    private TextPiece _current = TextPiece.Rent(FirstPiece, null);
    private bool _isEmptied;
    private int _used;
    private long _fullLength;
    private ITensorAllocator? _allocator;

    /// <summary>An empty one, whose disposal gives it back: nothing may be asked of it afterwards.</summary>
    /// <param name="allocator">Where the memory comes from when it becomes large; null for arrays.</param>
    public static PooledText Rent(ITensorAllocator? allocator)
    {
        var text = s_pool.Get();
        text._isRented = true;
        text._allocator = allocator;
        if (text._isEmptied)
        {
            text._isEmptied = false;
            text._current = TextPiece.Rent(FirstPiece, null);
        }

        return text;
    }

    /// <summary>How many bytes have been written.</summary>
    public long Length => _fullLength + _used;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_current.Length - _used), nameof(count));
        _used += count;
    }

    /// <exception cref="BackendException">There is no memory for more.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        if (_current.Array is null)
        {
            Add(TextPiece.Rent(Math.Max(sizeHint, FirstPiece), null));
        }

        return _current.Array.AsMemory(_used);
    }

    /// <exception cref="BackendException">There is no memory for more.</exception>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _current.From(_used);
    }

    /// <summary>Copies everything to a pipe, flushing now and then so that the pipe's own limits hold; what comes last is not flushed.</summary>
    public async ValueTask CopyToAsync(PipeWriter destination, CancellationToken cancellationToken)
    {
        var unflushed = 0;
        for (var i = 0; i < _full?.Count; i++)
        {
            var (piece, used) = _full[i];
            destination.Write(piece.First(used));
            unflushed += used;
            if (unflushed < FlushStep)
            {
                continue;
            }

            unflushed = 0;
            var result = await destination.FlushAsync(cancellationToken);
            if (result.IsCompleted)
            {
                // Nobody reads any more.
                return;
            }
        }

        destination.Write(_current.First(_used));
    }

    /// <summary>Everything in one array: for what is kept.</summary>
    public byte[] ToArray()
    {
        var all = new byte[Length];
        var offset = 0;
        for (var i = 0; i < _full?.Count; i++)
        {
            var (piece, used) = _full[i];
            piece.First(used).CopyTo(all.AsSpan(offset));
            offset += used;
        }

        _current.First(_used).CopyTo(all.AsSpan(offset));
        return all;
    }

    public void Dispose()
    {
        for (var i = 0; i < _full?.Count; i++)
        {
            _full[i].Piece.Return();
        }

        if (_full?.Count > MaxKept)
        {
            _full = null;
        }

        _full?.Clear();
        if (!_isEmptied)
        {
            _isEmptied = true;
            _current.Return();
            _current = default;
        }

        _allocator = null;
        _used = 0;
        _fullLength = 0;
        if (_isRented)
        {
            _isRented = false;
            s_pool.Return(this);
        }
    }

    private void Reserve(int size)
    {
        if (_current.Length - _used >= Math.Max(1, size))
        {
            return;
        }

        // Rented before anything changes: when there is no memory, each piece still has one owner.
        var length = Math.Max(size, (int)Math.Min(_fullLength + _used, LargestPiece));
        Add(TextPiece.Rent(length, length > LargestSmallObject ? _allocator : null));
    }

    private void Add(in TextPiece next)
    {
        (_full ??= []).Add((_current, _used));
        _fullLength += _used;
        _used = 0;
        _current = next;
    }
}
