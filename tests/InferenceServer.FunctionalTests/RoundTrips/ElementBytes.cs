using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.FunctionalTests.RoundTrips;

/// <summary>The elements of tensors as bytes, as JSON, and as typed contents; written apart from the server's own readers and writers.</summary>
internal static partial class ElementBytes
{
    private static readonly string[] s_texts = ["", "a", "\0", "\"\\/\b\f\n\r\t", "naïve 🙂", "\u2028\u007F", new string('x', 300)];

    /// <summary>Elements of BYTES: texts of all kinds of characters.</summary>
    public static byte[] Texts(int count, Random random)
    {
        using var data = new MemoryStream();
        for (var i = 0; i < count; i++)
        {
            var text = random.Next(3) == 0 ? s_texts[random.Next(s_texts.Length)] : string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => (char)random.Next(0xD800)));
            WriteElement(data, Encoding.UTF8.GetBytes(text));
        }

        return data.ToArray();
    }

    /// <summary>Makes BOOL of bytes, and mixes values at the edges into others.</summary>
    public static void Season(TensorDataType type, Span<byte> data, Random random)
    {
        var size = type.ElementSize();
        for (var i = 0; i < data.Length; i += size)
        {
            var element = data.Slice(i, size);
            if (type == TensorDataType.Bool)
            {
                element[0] &= 1;
            }
            else if (random.Next(8) == 0)
            {
                element.Fill(random.Next(2) == 0 ? (byte)0 : (byte)0xFF);
                element[^1] = (byte)(random.Next(4) switch { 0 => 0x7F, 1 => 0x80, 2 => 0xFF, _ => 0 });
            }
        }
    }

    /// <summary>The data as JSON: flat, or nested as the shape.</summary>
    public static string ToJson(AnyTensor tensor, bool isNested)
    {
        var elements = JsonElements(tensor.Type, tensor.Data);
        if (!isNested)
        {
            return $"[{string.Join(',', elements)}]";
        }

        var text = new StringBuilder();
        var next = 0;
        Nest(tensor.Shape, elements, ref next, text);
        return text.ToString();
    }

    /// <summary>The bytes of elements from JSON that the server wrote.</summary>
    public static byte[] FromJson(TensorDataType type, JsonElement data)
    {
        using var bytes = new MemoryStream();
        foreach (var element in data.EnumerateArray())
        {
            if (type == TensorDataType.Bytes)
            {
                WriteElement(bytes, Encoding.UTF8.GetBytes(element.GetString()!));
            }
            else
            {
                bytes.Write(Element(type, element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText()));
            }
        }

        return bytes.ToArray();
    }

    /// <summary>Puts the words NaN and Infinity, which JSON does not have, into quotes.</summary>
    public static string QuoteWords(TensorDataType type, string json) => type == TensorDataType.Bytes ? json : Words().Replace(json, "\"$0\"");

    /// <summary>With every NaN as the same one: JSON has a word for it, and no bits.</summary>
    public static byte[] WithOneNaN(TensorDataType type, byte[] data)
    {
        var copy = data.ToArray();
        var size = type.ElementSize();
        for (var i = 0; IsReal(type) && i < copy.Length; i += size)
        {
            if (double.IsNaN(Real(type, copy.AsSpan(i, size))))
            {
                copy.AsSpan(i, size).Fill(0xFF);
            }
        }

        return copy;
    }

    /// <summary>The data in the field of typed contents that belongs to its type; null for a type that has none.</summary>
    public static InferTensorContents? ToContents(TensorDataType type, ReadOnlySpan<byte> data)
    {
        var contents = new InferTensorContents();
        switch (type)
        {
            case TensorDataType.Bool:
                contents.BoolContents.AddRange(data.ToArray().Select(static one => one != 0));
                break;
            case TensorDataType.UInt8:
                contents.UintContents.AddRange(data.ToArray().Select(static one => (uint)one));
                break;
            case TensorDataType.UInt16:
                contents.UintContents.AddRange(MemoryMarshal.Cast<byte, ushort>(data).ToArray().Select(static one => (uint)one));
                break;
            case TensorDataType.UInt32:
                contents.UintContents.AddRange(MemoryMarshal.Cast<byte, uint>(data).ToArray());
                break;
            case TensorDataType.UInt64:
                contents.Uint64Contents.AddRange(MemoryMarshal.Cast<byte, ulong>(data).ToArray());
                break;
            case TensorDataType.Int8:
                contents.IntContents.AddRange(data.ToArray().Select(static one => (int)(sbyte)one));
                break;
            case TensorDataType.Int16:
                contents.IntContents.AddRange(MemoryMarshal.Cast<byte, short>(data).ToArray().Select(static one => (int)one));
                break;
            case TensorDataType.Int32:
                contents.IntContents.AddRange(MemoryMarshal.Cast<byte, int>(data).ToArray());
                break;
            case TensorDataType.Int64:
                contents.Int64Contents.AddRange(MemoryMarshal.Cast<byte, long>(data).ToArray());
                break;
            case TensorDataType.Fp32:
                contents.Fp32Contents.AddRange(MemoryMarshal.Cast<byte, float>(data).ToArray());
                break;
            case TensorDataType.Fp64:
                contents.Fp64Contents.AddRange(MemoryMarshal.Cast<byte, double>(data).ToArray());
                break;
            case TensorDataType.Bytes:
                while (BytesTensor.TryReadNext(ref data, out var element))
                {
                    contents.BytesContents.Add(ByteString.CopyFrom(element));
                }

                break;
            default:
                return null;
        }

        return contents;
    }

    private static List<string> JsonElements(TensorDataType type, ReadOnlySpan<byte> data)
    {
        var elements = new List<string>();
        var size = type.ElementSize();
        while (!data.IsEmpty)
        {
            if (type == TensorDataType.Bytes)
            {
                Xunit.Assert.True(BytesTensor.TryReadNext(ref data, out var text));
                elements.Add(JsonSerializer.Serialize(Encoding.UTF8.GetString(text)));
                continue;
            }

            elements.Add(JsonElement(type, data[..size]));
            data = data[size..];
        }

        return elements;
    }

    private static string JsonElement(TensorDataType type, ReadOnlySpan<byte> element)
    {
        var culture = CultureInfo.InvariantCulture;
        return type switch
        {
            TensorDataType.Bool => element[0] != 0 ? "true" : "false",
            TensorDataType.UInt8 => element[0].ToString(culture),
            TensorDataType.UInt16 => MemoryMarshal.Read<ushort>(element).ToString(culture),
            TensorDataType.UInt32 => MemoryMarshal.Read<uint>(element).ToString(culture),
            TensorDataType.UInt64 => MemoryMarshal.Read<ulong>(element).ToString(culture),
            TensorDataType.Int8 => ((sbyte)element[0]).ToString(culture),
            TensorDataType.Int16 => MemoryMarshal.Read<short>(element).ToString(culture),
            TensorDataType.Int32 => MemoryMarshal.Read<int>(element).ToString(culture),
            TensorDataType.Int64 => MemoryMarshal.Read<long>(element).ToString(culture),
            TensorDataType.Fp64 => Real(type, element).ToString("R", culture),
            _ => ((float)Real(type, element)).ToString("R", culture),
        };
    }

    private static byte[] Element(TensorDataType type, string text)
    {
        var culture = CultureInfo.InvariantCulture;
        return type switch
        {
            TensorDataType.Bool => [text == "true" ? (byte)1 : (byte)0],
            TensorDataType.UInt8 => [byte.Parse(text, culture)],
            TensorDataType.UInt16 => BitConverter.GetBytes(ushort.Parse(text, culture)),
            TensorDataType.UInt32 => BitConverter.GetBytes(uint.Parse(text, culture)),
            TensorDataType.UInt64 => BitConverter.GetBytes(ulong.Parse(text, culture)),
            TensorDataType.Int8 => [(byte)sbyte.Parse(text, culture)],
            TensorDataType.Int16 => BitConverter.GetBytes(short.Parse(text, culture)),
            TensorDataType.Int32 => BitConverter.GetBytes(int.Parse(text, culture)),
            TensorDataType.Int64 => BitConverter.GetBytes(long.Parse(text, culture)),
            TensorDataType.Fp16 => BitConverter.GetBytes(Half.Parse(text, culture)),
            TensorDataType.Bf16 => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(float.Parse(text, culture)) >> 16)),
            TensorDataType.Fp32 => BitConverter.GetBytes(float.Parse(text, culture)),
            _ => BitConverter.GetBytes(double.Parse(text, culture)),
        };
    }

    private static bool IsReal(TensorDataType type) => type is TensorDataType.Fp16 or TensorDataType.Bf16 or TensorDataType.Fp32 or TensorDataType.Fp64;

    private static double Real(TensorDataType type, ReadOnlySpan<byte> element) => type switch
    {
        TensorDataType.Fp16 => (double)MemoryMarshal.Read<Half>(element),
        TensorDataType.Bf16 => BitConverter.UInt32BitsToSingle((uint)MemoryMarshal.Read<ushort>(element) << 16),
        TensorDataType.Fp32 => MemoryMarshal.Read<float>(element),
        _ => MemoryMarshal.Read<double>(element),
    };

    private static void Nest(ReadOnlySpan<int> shape, List<string> elements, ref int next, StringBuilder text)
    {
        text.Append('[');
        for (var i = 0; i < shape[0]; i++)
        {
            text.Append(i > 0 ? "," : "");
            if (shape.Length == 1)
            {
                text.Append(elements[next++]);
            }
            else
            {
                Nest(shape[1..], elements, ref next, text);
            }
        }

        text.Append(']');
    }

    private static void WriteElement(MemoryStream data, byte[] element)
    {
        data.Write(BitConverter.GetBytes(element.Length));
        data.Write(element);
    }

    [GeneratedRegex(@"-?\b(?:NaN|Infinity)\b")]
    private static partial Regex Words();
}
