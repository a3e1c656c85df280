using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// Takes the typed elements of a message straight from where they lie into the memory of their tensors. What is not exactly what its shape and type say it does not take: then the generated parser reads the message,
/// and finds the words for it.
/// </summary>
internal static class TypedElements
{
    /// <summary>Rents memory for each input and fills it.</summary>
    /// <param name="bytes">The message.</param>
    /// <param name="message">What has been read of it; its tensors are its own.</param>
    /// <param name="allocator">Where the memory comes from.</param>
    /// <returns>False when the elements are not what they should be; nothing is rented then.</returns>
    /// <exception cref="Abstractions.Errors.BackendException">The memory is not to be had.</exception>
    public static bool TryTake(in ReadOnlySequence<byte> bytes, PlainMessage message, ITensorAllocator allocator)
    {
        if (!message.Inputs.TrueForAll(static input => MeasureTensor(input) is >= 0 and <= int.MaxValue))
        {
            return false;
        }

        message.RentTensors(allocator, MeasureTensor);
        for (var i = 0; i < message.Inputs.Count; i++)
        {
            var input = message.Inputs[i];
            if (!TryFill(bytes.Slice(input.Contents.Offset, input.Contents.Length), input, message.Tensors[i]!))
            {
                message.ReturnTensors();
                return false;
            }
        }

        return true;
    }

    /// <summary>How many bytes an input takes in memory; -1 for one whose elements cannot fit it.</summary>
    private static long MeasureTensor(PlainInput input)
    {
        var contents = input.Contents;
        if (!input.Shape.TryGetElementCount(out var elements) || contents.Field != (contents.Field == 0 && elements == 0 ? 0 : PlainContents.FieldOf(input.DataType)))
        {
            return -1;
        }

        if (input.DataType == TensorDataType.Bytes)
        {
            return contents.Count == elements ? (elements * BytesTensor.PrefixSize) + contents.TextBytes : -1;
        }

        // A number takes a byte at least: no shape has more memory rented than the message is worth.
        return elements <= contents.Length && input.Shape.TryGetByteCount(input.DataType, out var size) ? size : -1;
    }

    private static bool TryFill(in ReadOnlySequence<byte> bytes, PlainInput input, TensorBuffer tensor) => input.DataType switch
    {
        TensorDataType.Fp32 or TensorDataType.Fp64 => TryCopy(bytes, tensor),
        TensorDataType.Bytes => TryCopyTexts(bytes, tensor),
        TensorDataType.Bool => TryDecode<byte, Truth>(bytes, tensor),
        TensorDataType.Int8 => TryDecode<sbyte, Narrowed<int, sbyte>>(bytes, tensor),
        TensorDataType.Int16 => TryDecode<short, Narrowed<int, short>>(bytes, tensor),
        TensorDataType.Int32 => TryDecode<int, Narrowed<int, int>>(bytes, tensor),
        TensorDataType.Int64 => TryDecode<long, Narrowed<long, long>>(bytes, tensor),
        TensorDataType.UInt8 => TryDecode<byte, Narrowed<uint, byte>>(bytes, tensor),
        TensorDataType.UInt16 => TryDecode<ushort, Narrowed<uint, ushort>>(bytes, tensor),
        TensorDataType.UInt32 => TryDecode<uint, Narrowed<uint, uint>>(bytes, tensor),
        TensorDataType.UInt64 => TryDecode<ulong, Narrowed<ulong, ulong>>(bytes, tensor),
        _ => bytes.IsEmpty,
    };

    /// <summary>As they lie there: both are little-endian.</summary>
    private static bool TryCopy(in ReadOnlySequence<byte> bytes, TensorBuffer tensor)
    {
        if (bytes.Length != tensor.Length)
        {
            return false;
        }

        bytes.CopyTo(tensor.Span);
        return true;
    }

    private static bool TryCopyTexts(in ReadOnlySequence<byte> bytes, TensorBuffer tensor)
    {
        var reader = new WireReader(bytes);
        var room = tensor.Span;
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out _, out _) || !reader.TryReadLength(out var length))
            {
                return false;
            }

            MemoryMarshal.Write(room, (uint)length);
            reader.CopyTo(room.Slice(BytesTensor.PrefixSize, (int)length));
            room = room[(BytesTensor.PrefixSize + (int)length)..];
        }

        return room.IsEmpty;
    }

    /// <summary>Whole numbers of variable length, one after the other: exactly as many as the tensor has elements.</summary>
    private static bool TryDecode<T, TKind>(in ReadOnlySequence<byte> bytes, TensorBuffer tensor)
        where T : unmanaged
        where TKind : IElementKind<T>
    {
        var elements = MemoryMarshal.Cast<byte, T>(tensor.Span);
        var (count, number, shift) = (0, 0UL, 0);
        foreach (var piece in bytes)
        {
            foreach (var next in piece.Span)
            {
                number |= (ulong)(next & 0x7F) << shift;
                if (next >= 0x80)
                {
                    shift += 7;
                    if (shift > LastShift)
                    {
                        return false;
                    }

                    continue;
                }

                if ((uint)count >= (uint)elements.Length || (shift == LastShift && next > 1) || !TKind.TryRead(number, out elements[count]))
                {
                    return false;
                }

                count++;
                (number, shift) = (0, 0);
            }
        }

        return count == elements.Length && shift == 0;
    }

    private const int LastShift = 63;

    /// <summary>What becomes of a number of the wire.</summary>
    private interface IElementKind<T>
    {
        /// <returns>False for one that the type does not have.</returns>
        static abstract bool TryRead(ulong number, out T element);
    }

    /// <summary>Every number but 0 is true.</summary>
    private readonly struct Truth : IElementKind<byte>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static bool TryRead(ulong number, out byte element)
        {
            element = number == 0 ? (byte)0 : (byte)1;
            return true;
        }
    }

    /// <summary>A number of a field has the width of that, as Protocol Buffers cut it, and has to be one that the tensor's type has.</summary>
    private readonly struct Narrowed<TWide, TNarrow> : IElementKind<TNarrow>
        where TWide : unmanaged, IBinaryInteger<TWide>
        where TNarrow : unmanaged, IBinaryInteger<TNarrow>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static bool TryRead(ulong number, out TNarrow element)
        {
            var wide = TWide.CreateTruncating(number);
            element = TNarrow.CreateTruncating(wide);
            return TWide.CreateTruncating(element) == wide;
        }
    }
}
