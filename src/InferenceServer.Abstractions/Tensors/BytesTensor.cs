using System.Buffers.Binary;

namespace InferenceServer.Abstractions.Tensors;

/// <summary>Walks the elements of a <see cref="TensorDataType.Bytes"/> tensor, each a 32-bit little-endian length and its bytes.</summary>
public static class BytesTensor
{
    /// <summary>Bytes that precede each element.</summary>
    public const int PrefixSize = sizeof(uint);

    /// <summary>Counts the elements and checks that the last one ends where the data does.</summary>
    /// <returns>False when a length prefix or an element is cut short; <paramref name="elements"/> then counts the whole ones.</returns>
    public static bool TryCount(ReadOnlySpan<byte> data, out long elements)
    {
        elements = 0;
        while (!data.IsEmpty)
        {
            if (!TryReadNext(ref data, out _))
            {
                return false;
            }

            elements++;
        }

        return true;
    }

    /// <summary>The next element; <paramref name="data"/> moves past it.</summary>
    /// <returns>False when the data ends inside the prefix or the element, or is empty.</returns>
    public static bool TryReadNext(ref ReadOnlySpan<byte> data, out ReadOnlySpan<byte> element)
    {
        element = default;
        if (data.Length < PrefixSize)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (length > (uint)(data.Length - PrefixSize))
        {
            return false;
        }

        element = data.Slice(PrefixSize, (int)length);
        data = data[(PrefixSize + (int)length)..];
        return true;
    }

    /// <summary>How many bytes the first <paramref name="elements"/> elements take, prefixes included.</summary>
    /// <exception cref="InvalidDataException">The data ends before that.</exception>
    public static int MeasurePrefix(ReadOnlySpan<byte> data, long elements)
    {
        var rest = data;
        for (long i = 0; i < elements; i++)
        {
            if (!TryReadNext(ref rest, out _))
            {
                throw new InvalidDataException($"a BYTES tensor ends after {i} elements, expected at least {elements}");
            }
        }

        return data.Length - rest.Length;
    }

    /// <summary>Writes one element with its prefix at the start of <paramref name="destination"/> and returns the bytes written.</summary>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> element)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)element.Length);
        element.CopyTo(destination[PrefixSize..]);
        return PrefixSize + element.Length;
    }
}
