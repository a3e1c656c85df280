using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Tracing;

/// <summary>The elements of a tensor as a trace shows them: one text, with commas between them; strings in quotes.</summary>
internal static class TensorText
{
    /// <summary>Writes all elements that are whole in <paramref name="data"/>.</summary>
    public static string Of(TensorDataType type, ReadOnlySpan<byte> data) => type switch
    {
        TensorDataType.Bool or TensorDataType.UInt8 => Join<byte>(data),
        TensorDataType.UInt16 => Join<ushort>(data),
        TensorDataType.UInt32 => Join<uint>(data),
        TensorDataType.UInt64 => Join<ulong>(data),
        TensorDataType.Int8 => Join<sbyte>(data),
        TensorDataType.Int16 => Join<short>(data),
        TensorDataType.Int32 => Join<int>(data),
        TensorDataType.Int64 => Join<long>(data),
        TensorDataType.Fp16 => Join<Half>(data),
        TensorDataType.Fp32 => Join<float>(data),
        TensorDataType.Fp64 => Join<double>(data),
        TensorDataType.Bf16 => JoinBrainFloats(MemoryMarshal.Cast<byte, ushort>(data)),
        TensorDataType.Bytes => JoinStrings(data),
        _ => "",
    };

    private static string Join<T>(ReadOnlySpan<byte> data)
        where T : unmanaged, IFormattable
    {
        var text = new StringBuilder();
        foreach (var value in MemoryMarshal.Cast<byte, T>(data))
        {
            Separate(text).Append(value.ToString(null, CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    private static string JoinBrainFloats(ReadOnlySpan<ushort> values)
    {
        var text = new StringBuilder();
        foreach (var value in values)
        {
            Separate(text).Append(CultureInfo.InvariantCulture, $"{BitConverter.UInt32BitsToSingle((uint)value << 16)}");
        }

        return text.ToString();
    }

    private static string JoinStrings(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        while (BytesTensor.TryReadNext(ref data, out var element))
        {
            Separate(text).Append('"').Append(Encoding.UTF8.GetString(element)).Append('"');
        }

        return text.ToString();
    }

    private static StringBuilder Separate(StringBuilder text) => text.Length == 0 ? text : text.Append(',');
}
