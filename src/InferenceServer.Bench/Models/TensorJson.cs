using System.Buffers.Binary;
using System.Text.Json;

namespace InferenceServer.Bench.Models;

/// <summary>Turns tensor bytes into the values of a JSON <c>data</c> array and back.</summary>
internal static class TensorJson
{
    /// <summary>Writes the elements as one flat array.</summary>
    public static void Write(Utf8JsonWriter writer, Tensor tensor)
    {
        if (!DataTypes.HasJsonForm(tensor.DataType))
        {
            throw new BenchException($"'{tensor.Name}' is {tensor.DataType}, which has no JSON form; measure this model with the encodings binary and grpc");
        }

        writer.WriteStartArray();
        var size = DataTypes.SizeOf(tensor.DataType);
        var rest = tensor.Data.AsSpan();
        while (!rest.IsEmpty)
        {
            var length = size;
            if (size == 0)
            {
                length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                rest = rest[4..];
            }

            WriteElement(writer, tensor.DataType, rest[..length]);
            rest = rest[length..];
        }

        writer.WriteEndArray();
    }

    /// <summary>Reads an array back into tensor bytes; nested arrays are read as if they were flat.</summary>
    /// <exception cref="FormatException">A value is not of the type, or out of its range.</exception>
    /// <exception cref="InvalidOperationException">The same.</exception>
    public static byte[] Read(JsonElement array, string dataType)
    {
        var stream = new MemoryStream();
        Read(array, dataType, DataTypes.SizeOf(dataType), stream);
        return stream.ToArray();
    }

    private static void Read(JsonElement array, string dataType, int size, MemoryStream stream)
    {
        Span<byte> element = stackalloc byte[8];
        foreach (var value in array.EnumerateArray())
        {
            if (value.ValueKind == JsonValueKind.Array)
            {
                Read(value, dataType, size, stream);
            }
            else if (size == 0)
            {
                var text = System.Text.Encoding.UTF8.GetBytes(value.GetString() ?? "");
                BinaryPrimitives.WriteInt32LittleEndian(element, text.Length);
                stream.Write(element[..4]);
                stream.Write(text);
            }
            else
            {
                ReadElement(value, dataType, element);
                stream.Write(element[..size]);
            }
        }
    }

    private static void WriteElement(Utf8JsonWriter writer, string dataType, ReadOnlySpan<byte> element)
    {
        switch (dataType)
        {
            case "BOOL":
                writer.WriteBooleanValue(element[0] != 0);
                break;
            case "UINT8":
                writer.WriteNumberValue(element[0]);
                break;
            case "UINT16":
                writer.WriteNumberValue(BinaryPrimitives.ReadUInt16LittleEndian(element));
                break;
            case "UINT32":
                writer.WriteNumberValue(BinaryPrimitives.ReadUInt32LittleEndian(element));
                break;
            case "UINT64":
                writer.WriteNumberValue(BinaryPrimitives.ReadUInt64LittleEndian(element));
                break;
            case "INT8":
                writer.WriteNumberValue((sbyte)element[0]);
                break;
            case "INT16":
                writer.WriteNumberValue(BinaryPrimitives.ReadInt16LittleEndian(element));
                break;
            case "INT32":
                writer.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(element));
                break;
            case "INT64":
                writer.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(element));
                break;
            case "FP32":
                writer.WriteNumberValue(BinaryPrimitives.ReadSingleLittleEndian(element));
                break;
            case "FP64":
                writer.WriteNumberValue(BinaryPrimitives.ReadDoubleLittleEndian(element));
                break;
            default:
                writer.WriteStringValue(element);
                break;
        }
    }

    private static void ReadElement(JsonElement value, string dataType, Span<byte> element)
    {
        switch (dataType)
        {
            case "BOOL":
                element[0] = value.GetBoolean() ? (byte)1 : (byte)0;
                break;
            case "FP32":
                BinaryPrimitives.WriteSingleLittleEndian(element, value.GetSingle());
                break;
            case "FP64":
                BinaryPrimitives.WriteDoubleLittleEndian(element, value.GetDouble());
                break;
            case "FP16":
                BinaryPrimitives.WriteHalfLittleEndian(element, (Half)value.GetSingle());
                break;
            case "BF16":
                BinaryPrimitives.WriteUInt16LittleEndian(element, (ushort)(BitConverter.SingleToUInt32Bits(value.GetSingle()) >> 16));
                break;
            case "UINT8":
                element[0] = value.GetByte();
                break;
            case "UINT16":
                BinaryPrimitives.WriteUInt16LittleEndian(element, value.GetUInt16());
                break;
            case "UINT32":
                BinaryPrimitives.WriteUInt32LittleEndian(element, value.GetUInt32());
                break;
            case "UINT64":
                BinaryPrimitives.WriteUInt64LittleEndian(element, value.GetUInt64());
                break;
            case "INT8":
                element[0] = (byte)value.GetSByte();
                break;
            case "INT16":
                BinaryPrimitives.WriteInt16LittleEndian(element, value.GetInt16());
                break;
            case "INT32":
                BinaryPrimitives.WriteInt32LittleEndian(element, value.GetInt32());
                break;
            default:
                BinaryPrimitives.WriteInt64LittleEndian(element, value.GetInt64());
                break;
        }
    }
}
