using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Microbenchmarks.Tensors;

/// <summary>Tensors of any type and length: small whole numbers, or fractions that have no short form.</summary>
internal static class Elements
{
    /// <summary>The elements as memory holds them.</summary>
    public static byte[] Bytes(TensorDataType type, int count, bool areFractions)
    {
        var all = new byte[count * (type == TensorDataType.Bytes ? BytesTensor.PrefixSize + 8 : type.ElementSize())];
        var size = count == 0 ? 0 : all.Length / count;
        for (var i = 0; i < count; i++)
        {
            var element = all.AsSpan(i * size, size);
            var value = Value(i, areFractions);
            switch (type)
            {
                case TensorDataType.Bool:
                    element[0] = (byte)(i % 2);
                    break;
                case TensorDataType.Bytes:
                    BytesTensor.Write(element, Encoding.UTF8.GetBytes(Word(i)));
                    break;
                case TensorDataType.Fp16:
                    MemoryMarshal.Write(element, (Half)value);
                    break;
                case TensorDataType.Bf16:
                    MemoryMarshal.Write(element, (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16));
                    break;
                case TensorDataType.Fp32:
                    MemoryMarshal.Write(element, (float)value);
                    break;
                case TensorDataType.Fp64:
                    MemoryMarshal.Write(element, value);
                    break;
                default:
                    // Whole numbers below 100 have the same first byte in all of these types, and nothing else.
                    element[0] = (byte)(i % 100);
                    break;
            }
        }

        return all;
    }

    /// <summary>The elements as an array of JSON.</summary>
    public static string Json(TensorDataType type, int count, bool areFractions)
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < count; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(type switch
            {
                TensorDataType.Bool => i % 2 == 1 ? "true" : "false",
                TensorDataType.Bytes => $"\"{Word(i)}\"",
                TensorDataType.Fp16 => ((float)(Half)Value(i, areFractions)).ToString("R", CultureInfo.InvariantCulture),
                TensorDataType.Fp32 or TensorDataType.Bf16 => ((float)Value(i, areFractions)).ToString("R", CultureInfo.InvariantCulture),
                TensorDataType.Fp64 => Value(i, areFractions).ToString("R", CultureInfo.InvariantCulture),
                _ => (i % 100).ToString(CultureInfo.InvariantCulture),
            });
        }

        return text.Append(']').ToString();
    }

    /// <summary>True when there are fractions of the type.</summary>
    public static bool HasFractions(TensorDataType type) => type is TensorDataType.Fp16 or TensorDataType.Bf16 or TensorDataType.Fp32 or TensorDataType.Fp64;

    private static double Value(int i, bool isFraction) => isFraction ? Math.Sin(i + 1) : i % 100;

    /// <summary>Eight letters.</summary>
    private static string Word(int i) => "word" + (i % 10_000).ToString("0000", CultureInfo.InvariantCulture);
}
