using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>Makes BYTES of the strings of an npy file, which are all of one length there: the zeros at the end of each are none of it.</summary>
internal static class NpyStrings
{
    /// <summary>Reads the strings, in two passes: one that checks and measures, one that copies.</summary>
    public static InferenceError? Read(ReadOnlySpan<byte> data, in NpyType type, in NpyHeader header, long elements, ITensorAllocator allocator, int maxBytes, out TensorBuffer? buffer)
    {
        buffer = null;
        if (type.ItemSize == 0 && elements > 0)
        {
            // They take nothing in the file, so that a few bytes of it would become any number of elements; NumPy itself writes none.
            return PayloadErrors.Npy("strings of at least one byte or character", "empty ones");
        }

        if (elements > maxBytes / BytesTensor.PrefixSize)
        {
            return PayloadErrors.TensorLimit("the array", maxBytes);
        }

        var bytes = elements * BytesTensor.PrefixSize;
        for (var i = 0L; i < elements; i++)
        {
            var item = data.Slice((int)(i * type.ItemSize), type.ItemSize);
            var length = type.Kind == NpyElementKind.ByteStrings ? item.TrimEnd((byte)0).Length : Measure(item, type.IsBigEndian);
            if (length < 0)
            {
                return PayloadErrors.Npy("code points of Unicode", string.Create(CultureInfo.InvariantCulture, $"something else in the element stored at place {i}"));
            }

            bytes += length;
        }

        if (bytes > maxBytes)
        {
            return PayloadErrors.TensorLimit("the array", maxBytes);
        }

        buffer = allocator.Rent(bytes);
        var destination = buffer.Span;
        var order = new NpyOrder(header.Shape, header.IsFortran);
        for (var i = 0L; i < elements; i++)
        {
            var item = data.Slice((int)(order.Next() * type.ItemSize), type.ItemSize);
            destination = destination[Write(destination, item, type)..];
        }

        return null;
    }

    private static int Write(Span<byte> destination, ReadOnlySpan<byte> item, in NpyType type)
    {
        if (type.Kind == NpyElementKind.ByteStrings)
        {
            return BytesTensor.Write(destination, item.TrimEnd((byte)0));
        }

        var text = destination[BytesTensor.PrefixSize..];
        var written = 0;
        for (item = TrimEnd(item); !item.IsEmpty; item = item[sizeof(uint)..])
        {
            written += new Rune(CodePoint(item, type.IsBigEndian)).EncodeToUtf8(text[written..]);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)written);
        return BytesTensor.PrefixSize + written;
    }

    /// <summary>How many bytes the code points take in UTF-8; -1 when one of them is none.</summary>
    private static int Measure(ReadOnlySpan<byte> item, bool isBigEndian)
    {
        var length = 0;
        for (item = TrimEnd(item); !item.IsEmpty; item = item[sizeof(uint)..])
        {
            if (!Rune.TryCreate(CodePoint(item, isBigEndian), out var rune))
            {
                return -1;
            }

            length += rune.Utf8SequenceLength;
        }

        return length;
    }

    private static uint CodePoint(ReadOnlySpan<byte> item, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(item) : BinaryPrimitives.ReadUInt32LittleEndian(item);

    /// <summary>Without the code points of zero at the end.</summary>
    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> item)
    {
        var length = item.TrimEnd((byte)0).Length;
        return item[..((length + sizeof(uint) - 1) / sizeof(uint) * sizeof(uint))];
    }
}
