using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.ObjectPool;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Collects output whose length must be known before it is sent. Grows in pieces of pooled memory, so that nothing is copied while it
/// grows; disposing it gives them back.
/// </summary>
internal sealed class PooledText : IBufferWriter<byte>, IDisposable
{
    private const int FirstPiece = 4096;
    private const int LargestPiece = 1 << 20;

    /// <summary>How much is handed to a pipe between two flushes: less than this leaves in one piece.</summary>
    private const int FlushStep = 128 << 10;

    // The objects are used again too: one is needed for every answer.
    private const int MaxIdle = 256;
    private static readonly ObjectPool<PooledText> s_pool = new DefaultObjectPool<PooledText>(new DefaultPooledObjectPolicy<PooledText>(), MaxIdle);

    private bool _isRented;

    // Most texts fit the first piece.
    private List<(byte[] Array, int Used)>? _full;
    private byte[] _current = ArrayPool<byte>.Shared.Rent(FirstPiece);
    private int _used;
    private long _fullLength;

    /// <summary>An empty one, whose disposal gives it back: nothing may be asked of it afterwards.</summary>
    public static PooledText Rent()
    {
        var text = s_pool.Get();
        text._isRented = true;
        if (text._current.Length == 0)
        {
            text._current = ArrayPool<byte>.Shared.Rent(FirstPiece);
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

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _current.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _current.AsSpan(_used);
    }

    /// <summary>Copies everything to a pipe, flushing now and then so that the pipe's own limits hold; what comes last is not flushed.</summary>
    public async ValueTask CopyToAsync(PipeWriter destination, CancellationToken cancellationToken)
    {
        var unflushed = 0;
        for (var i = 0; i < _full?.Count; i++)
        {
            var (array, used) = _full[i];
            destination.Write(array.AsSpan(0, used));
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

        destination.Write(_current.AsSpan(0, _used));
    }

    /// <summary>Everything in one array: for what is kept.</summary>
    public byte[] ToArray()
    {
        var all = new byte[Length];
        var offset = 0;
        for (var i = 0; i < _full?.Count; i++)
        {
            var (array, used) = _full[i];
            array.AsSpan(0, used).CopyTo(all.AsSpan(offset));
            offset += used;
        }

        _current.AsSpan(0, _used).CopyTo(all.AsSpan(offset));
        return all;
    }

    public void Dispose()
    {
        for (var i = 0; i < _full?.Count; i++)
        {
            ArrayPool<byte>.Shared.Return(_full[i].Array);
        }

        _full = null;
        ArrayPool<byte>.Shared.Return(_current);
        _current = [];
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
        var next = ArrayPool<byte>.Shared.Rent(Math.Max(size, (int)Math.Min(_fullLength + _used, LargestPiece)));
        (_full ??= []).Add((_current, _used));
        _fullLength += _used;
        _used = 0;
        _current = next;
    }
}
