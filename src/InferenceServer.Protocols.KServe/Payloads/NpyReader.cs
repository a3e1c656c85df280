using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Logging;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>
/// Reads an npy file: a function of its bytes, which rents no more memory than the limit and throws for no file. Both orders of elements
/// and of bytes are read; objects, which are code, and records are refused.
/// </summary>
internal static class NpyReader
{
    /// <summary>Reads a whole file; there is an array exactly when the result is null.</summary>
    /// <param name="body">The file.</param>
    /// <param name="allocator">Where the memory comes from.</param>
    /// <param name="maxBytes">The most bytes that the tensor may take.</param>
    /// <param name="array">The array, whose data is the caller's.</param>
    /// <exception cref="BackendException">The memory is not to be had.</exception>
    public static InferenceError? Read(ReadOnlySpan<byte> body, ITensorAllocator allocator, int maxBytes, out NpyArray? array)
    {
        array = null;
        if (NpyHeaderReader.Read(body, out var header) is { } error)
        {
            return error;
        }

        if (!NpyType.TryParse(header.Descr, out var type))
        {
            return PayloadErrors.NpyType(ClippedText.Of(header.Descr, PayloadErrors.LongestQuote));
        }

        var data = body[header.Length..];
        if (!header.Shape.TryGetElementCount(out var elements) || (Int128)elements * type.ItemSize != data.Length)
        {
            return PayloadErrors.Npy($"the elements of the shape {header.Shape} and the type '{header.Descr}', {type.ItemSize} bytes each", string.Create(CultureInfo.InvariantCulture, $"{data.Length} bytes of them"));
        }

        TensorBuffer? buffer;
        error = type.Kind == NpyElementKind.Fixed
            ? ReadFixed(data, type, header, allocator, maxBytes, out buffer)
            : NpyStrings.Read(data, type, header, elements, allocator, maxBytes, out buffer);
        if (buffer is not null)
        {
            array = new NpyArray(type.DataType, header.Shape, buffer);
        }

        return error;
    }

    private static InferenceError? ReadFixed(ReadOnlySpan<byte> data, in NpyType type, in NpyHeader header, ITensorAllocator allocator, int maxBytes, out TensorBuffer? buffer)
    {
        buffer = null;
        if (data.Length > maxBytes)
        {
            return PayloadErrors.TensorLimit("the array", maxBytes);
        }

        buffer = allocator.Rent(data.Length);
        var destination = buffer.Span;
        if (!header.IsFortran || header.Shape.Rank < 2)
        {
            data.CopyTo(destination);
        }
        else
        {
            Transpose(data, destination, header.Shape, type.ItemSize);
        }

        if (type.IsBigEndian)
        {
            Reverse(destination, type.ItemSize);
        }

        return null;
    }

    private static void Transpose(ReadOnlySpan<byte> data, Span<byte> destination, in TensorShape shape, int size)
    {
        switch (size)
        {
            case 1:
                Transpose<byte>(data, destination, shape);
                break;
            case 2:
                Transpose<ushort>(data, destination, shape);
                break;
            case 4:
                Transpose<uint>(data, destination, shape);
                break;
            default:
                Transpose<ulong>(data, destination, shape);
                break;
        }
    }

    private static unsafe void Transpose<T>(ReadOnlySpan<byte> data, Span<byte> destination, in TensorShape shape)
        where T : unmanaged
    {
        var order = new NpyOrder(shape, isFortran: true);
        foreach (ref var element in MemoryMarshal.Cast<byte, T>(destination))
        {
            // The data begins anywhere: it may not be aligned.
            element = MemoryMarshal.Read<T>(data[((int)order.Next() * sizeof(T))..]);
        }
    }

    private static void Reverse(Span<byte> data, int size)
    {
        switch (size)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, ushort>(data);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var words = MemoryMarshal.Cast<byte, uint>(data);
                BinaryPrimitives.ReverseEndianness(words, words);
                break;
            default:
                var longs = MemoryMarshal.Cast<byte, ulong>(data);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }
}
