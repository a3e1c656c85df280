using System.Buffers;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>A piece of a <see cref="PooledText"/>: an array, or tensor memory.</summary>
internal readonly struct TextPiece
{
    private readonly byte[] _array;
    private readonly TensorBuffer? _buffer;

    private TextPiece(byte[] array, TensorBuffer? buffer)
    {
        _array = array;
        _buffer = buffer;
    }

    /// <summary>How many bytes it has.</summary>
    public int Length => _buffer is null ? _array.Length : (int)_buffer.Length;

    /// <summary>Its array; null for tensor memory.</summary>
    public byte[]? Array => _buffer is null ? _array : null;

    /// <summary>Rents one.</summary>
    /// <param name="length">How long it is at least.</param>
    /// <param name="allocator">Where the memory comes from; null for an array.</param>
    public static TextPiece Rent(int length, ITensorAllocator? allocator) =>
        allocator is null ? new TextPiece(ArrayPool<byte>.Shared.Rent(length), null) : new TextPiece([], allocator.Rent(length));

    /// <summary>Its bytes from one on.</summary>
    public Span<byte> From(int start) => _buffer is null ? _array.AsSpan(start) : _buffer.Slice(start, (int)_buffer.Length - start);

    /// <summary>Its first bytes.</summary>
    public ReadOnlySpan<byte> First(int length) => _buffer is null ? _array.AsSpan(0, length) : _buffer.Slice(0, length);

    /// <summary>Gives it back.</summary>
    public void Return()
    {
        if (_buffer is not null)
        {
            _buffer.Dispose();
        }
        else
        {
            ArrayPool<byte>.Shared.Return(_array);
        }
    }
}
