namespace InferenceServer.Abstractions.Tensors;

/// <summary>
/// A named tensor: a slice of a <see cref="TensorBuffer"/> with an element type and a shape. Elements are row-major and
/// little-endian without padding; <see cref="TensorDataType.Bytes"/> elements carry their lengths in front.
/// A view that was made with a count of its own is released by <see cref="Dispose"/>, exactly once.
/// </summary>
public readonly struct TensorView : IDisposable
{
    /// <summary>Describes a slice; takes over the count that the caller holds on <paramref name="buffer"/>.</summary>
    public TensorView(string name, TensorDataType dataType, in TensorShape shape, TensorBuffer buffer, long offset, long length)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, buffer.Length - length);
        Name = name;
        DataType = dataType;
        Shape = shape;
        Buffer = buffer;
        Offset = offset;
        Length = length;
    }

    /// <summary>Describes a whole buffer; takes over the count that the caller holds on it.</summary>
    public TensorView(string name, TensorDataType dataType, in TensorShape shape, TensorBuffer buffer)
        : this(name, dataType, shape, buffer, 0, buffer?.Length ?? 0)
    {
    }

    /// <summary>The name of the input or output.</summary>
    public string Name { get; }

    /// <summary>The element type.</summary>
    public TensorDataType DataType { get; }

    /// <summary>The shape, without free dimensions.</summary>
    public TensorShape Shape { get; }

    /// <summary>The memory that the slice lies in.</summary>
    public TensorBuffer Buffer { get; }

    /// <summary>Where the slice begins in <see cref="Buffer"/>, in bytes.</summary>
    public long Offset { get; }

    /// <summary>How long the slice is, in bytes.</summary>
    public long Length { get; }

    /// <summary>The first byte of the slice.</summary>
    public nint Pointer => Buffer.Pointer + (nint)Offset;

    /// <summary>The bytes of the slice.</summary>
    /// <exception cref="OverflowException">There are more than 2 GiB.</exception>
    public Span<byte> Span => Buffer.Slice(Offset, checked((int)Length));

    /// <summary>The same slice with a count of its own.</summary>
    public TensorView Acquire()
    {
        Buffer.Acquire();
        return this;
    }

    /// <summary>The same bytes under another shape, and under the same count.</summary>
    public TensorView WithShape(in TensorShape shape) => new(Name, DataType, shape, Buffer, Offset, Length);

    /// <summary>Releases the count that this view holds.</summary>
    public void Dispose() => Buffer?.Dispose();
}
