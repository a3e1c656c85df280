using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Writes the elements of a tensor as a flat JSON array. FP32 and FP64 are the shortest numbers that read back as the same value of their
/// type, and the 16-bit types are written as the FP32 that they equal, so that no client sees another value than the model gave. There is
/// always a fraction or an exponent; NaN, Infinity and -Infinity are written as these words, as clients of the protocol expect.
/// </summary>
internal static class TensorDataWriter
{
    /// <summary>More than any number takes, the comma before it included.</summary>
    private const int NumberRoom = 40;

    // So many numbers of two bytes are made ones of four at a time.
    private const int Widened = 128;

    public static void Write(IBufferWriter<byte> output, in TensorView tensor)
    {
        output.Write("["u8);
        WriteElements(output, tensor);
        output.Write("]"u8);
    }

    /// <summary>Writes the elements with commas between them and nothing around.</summary>
    public static void WriteElements(IBufferWriter<byte> output, in TensorView tensor)
    {
        switch (tensor.DataType)
        {
            case TensorDataType.Bool:
                WriteBools(output, tensor.Span);
                break;
            case TensorDataType.UInt8:
                WriteIntegers<byte>(output, tensor.Span);
                break;
            case TensorDataType.UInt16:
                WriteIntegers<ushort>(output, tensor.Span);
                break;
            case TensorDataType.UInt32:
                WriteIntegers<uint>(output, tensor.Span);
                break;
            case TensorDataType.UInt64:
                WriteIntegers<ulong>(output, tensor.Span);
                break;
            case TensorDataType.Int8:
                WriteIntegers<sbyte>(output, tensor.Span);
                break;
            case TensorDataType.Int16:
                WriteIntegers<short>(output, tensor.Span);
                break;
            case TensorDataType.Int32:
                WriteIntegers<int>(output, tensor.Span);
                break;
            case TensorDataType.Int64:
                WriteIntegers<long>(output, tensor.Span);
                break;
            case TensorDataType.Fp16:
                WriteHalves(output, MemoryMarshal.Cast<byte, Half>(tensor.Span));
                break;
            case TensorDataType.Fp32:
                WriteReals<float>(output, MemoryMarshal.Cast<byte, float>(tensor.Span));
                break;
            case TensorDataType.Fp64:
                WriteReals<double>(output, MemoryMarshal.Cast<byte, double>(tensor.Span));
                break;
            case TensorDataType.Bf16:
                WriteBrainFloats(output, MemoryMarshal.Cast<byte, ushort>(tensor.Span));
                break;
            case TensorDataType.Bytes:
                WriteStrings(output, tensor.Span);
                break;
            default:
                throw new InvalidOperationException($"output '{tensor.Name}' has no datatype");
        }
    }

    private static void WriteBools(IBufferWriter<byte> output, ReadOnlySpan<byte> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            output.Write(i == 0 ? (values[i] != 0 ? "true"u8 : "false"u8) : values[i] != 0 ? ",true"u8 : ",false"u8);
        }
    }

    private static void WriteIntegers<T>(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
        where T : unmanaged, IBinaryInteger<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(bytes);
        for (var i = 0; i < values.Length;)
        {
            var room = output.GetSpan(NumberRoom);
            var used = 0;
            for (; i < values.Length && room.Length - used >= NumberRoom; i++)
            {
                room[used] = (byte)',';
                used += i == 0 ? 0 : 1;
                values[i].TryFormat(room[used..], out var written, default, CultureInfo.InvariantCulture);
                used += written;
            }

            output.Advance(used);
        }
    }

    private static void WriteReals<T>(IBufferWriter<byte> output, ReadOnlySpan<T> values, bool areFirst = true)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (var i = 0; i < values.Length;)
        {
            var room = output.GetSpan(NumberRoom);
            var used = 0;
            for (; i < values.Length && room.Length - used >= NumberRoom; i++)
            {
                used += Format(values[i], i > 0 || !areFirst, room[used..]);
            }

            output.Advance(used);
        }
    }

    private static void WriteHalves(IBufferWriter<byte> output, ReadOnlySpan<Half> values)
    {
        Span<float> wide = stackalloc float[Widened];
        for (var start = 0; start < values.Length; start += wide.Length)
        {
            wide = wide[..Math.Min(wide.Length, values.Length - start)];
            for (var i = 0; i < wide.Length; i++)
            {
                wide[i] = (float)values[start + i];
            }

            WriteReals<float>(output, wide, areFirst: start == 0);
        }
    }

    private static void WriteBrainFloats(IBufferWriter<byte> output, ReadOnlySpan<ushort> values)
    {
        Span<float> wide = stackalloc float[Widened];
        for (var start = 0; start < values.Length; start += wide.Length)
        {
            wide = wide[..Math.Min(wide.Length, values.Length - start)];
            for (var i = 0; i < wide.Length; i++)
            {
                wide[i] = BitConverter.UInt32BitsToSingle((uint)values[start + i] << 16);
            }

            WriteReals<float>(output, wide, areFirst: start == 0);
        }
    }

    /// <summary>A value without a fraction, below where its type is written with an exponent. Zero with a sign is none.</summary>
    private static bool TryGetWhole<T>(T value, out long whole)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        whole = long.CreateSaturating(value);
        var below = typeof(T) == typeof(float) ? 10_000_000 : 1_000_000_000_000_000;
        return whole > -below && whole < below && T.CreateSaturating(whole) == value && (whole != 0 || !T.IsNegative(value));
    }

    private static int Format<T>(T value, bool withComma, Span<byte> room)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        room[0] = (byte)',';
        var start = withComma ? 1 : 0;
        if (TryGetWhole(value, out var whole))
        {
            // The same digits, without looking for the shortest ones.
            whole.TryFormat(room[start..], out var digits, default, CultureInfo.InvariantCulture);
            ".0"u8.CopyTo(room[(start + digits)..]);
            return start + digits + 2;
        }

        if (T.IsFinite(value) && !T.IsZero(value))
        {
            return start + (typeof(T) == typeof(float) ? ShortestSingle.Format(Unsafe.BitCast<T, float>(value), room[start..]) : ShortestDouble.Format(Unsafe.BitCast<T, double>(value), room[start..]));
        }

        var word = T.IsZero(value) ? "-0.0"u8 : T.IsNaN(value) ? "NaN"u8 : T.IsNegative(value) ? "-Infinity"u8 : "Infinity"u8;
        word.CopyTo(room[start..]);
        return start + word.Length;
    }

    private static void WriteStrings(IBufferWriter<byte> output, ReadOnlySpan<byte> data)
    {
        for (var isFirst = true; BytesTensor.TryReadNext(ref data, out var element); isFirst = false)
        {
            if (!isFirst)
            {
                output.Write(","u8);
            }

            JsonStringWriter.Write(output, element);
        }
    }
}
