using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Inference;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Answers;

/// <summary>Elements in the typed fields of a message, as servers send them that do not know raw contents.</summary>
internal static class TypedContents
{
    /// <summary>The same in the layout of the binary extension.</summary>
    public static byte[] BytesOf(InferTensorContents? contents, string dataType)
    {
        contents ??= new InferTensorContents();
        return dataType switch
        {
            "BOOL" => [.. contents.BoolContents.Select(static value => value ? (byte)1 : (byte)0)],
            "INT8" => [.. contents.IntContents.Select(static value => (byte)value)],
            "UINT8" => [.. contents.UintContents.Select(static value => (byte)value)],
            "INT16" => Bytes(contents.IntContents.Select(static value => (short)value)),
            "UINT16" => Bytes(contents.UintContents.Select(static value => (ushort)value)),
            "INT32" => Bytes(contents.IntContents),
            "UINT32" => Bytes(contents.UintContents),
            "INT64" => Bytes(contents.Int64Contents),
            "UINT64" => Bytes(contents.Uint64Contents),
            "FP32" => Bytes(contents.Fp32Contents),
            "FP64" => Bytes(contents.Fp64Contents),
            DataTypes.Bytes => [.. contents.BytesContents.SelectMany(static element => (byte[])[.. LengthOf(element.Length), .. element])],
            _ => throw new BenchException($"the answer has an output of {dataType}, which has no typed field, without raw contents"),
        };
    }

    private static byte[] Bytes<T>(IEnumerable<T> values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values.ToArray()).ToArray();

    private static byte[] LengthOf(int length)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
        return bytes;
    }
}
