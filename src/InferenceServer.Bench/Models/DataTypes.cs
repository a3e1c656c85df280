using System.Buffers.Binary;

namespace InferenceServer.Bench.Models;

/// <summary>The element types of the protocol by their wire names.</summary>
internal static class DataTypes
{
    public const string Bytes = "BYTES";

    /// <summary>Bytes an element takes; 0 for BYTES, whose elements carry their own length.</summary>
    public static int SizeOf(string dataType) => dataType switch
    {
        "BOOL" or "UINT8" or "INT8" => 1,
        "UINT16" or "INT16" or "FP16" or "BF16" => 2,
        "UINT32" or "INT32" or "FP32" => 4,
        "UINT64" or "INT64" or "FP64" => 8,
        Bytes => 0,
        _ => throw new BenchException($"the data type '{dataType}' is not known to this tool"),
    };

    /// <summary>The protocol has no JSON form for the two half-width floats.</summary>
    public static bool HasJsonForm(string dataType) => dataType is not ("FP16" or "BF16");

    /// <summary>How many elements a tensor's bytes have.</summary>
    /// <exception cref="FormatException">They end within one.</exception>
    public static long ElementsIn(string dataType, ReadOnlySpan<byte> data)
    {
        var size = SizeOf(dataType);
        if (size > 0)
        {
            return data.Length % size == 0 ? data.Length / size : throw new FormatException($"{data.Length} bytes are no whole elements of {dataType}");
        }

        long count = 0;
        while (!data.IsEmpty)
        {
            var length = data.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(data);
            if (length < 0 || length > data.Length - 4)
            {
                throw new FormatException("an element of BYTES has no length in front, or one that is too large");
            }

            data = data[(4 + length)..];
            count++;
        }

        return count;
    }

    public static long Count(IReadOnlyList<long> shape)
    {
        long count = 1;
        foreach (var dimension in shape)
        {
            count = checked(count * dimension);
        }

        return count;
    }
}
