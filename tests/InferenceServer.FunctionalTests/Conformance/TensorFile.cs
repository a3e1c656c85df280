using Google.Protobuf;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.FunctionalTests.Conformance;

/// <summary>Reads a file with one serialised ONNX tensor. The field numbers are those of the published <c>onnx.proto</c>.</summary>
internal static class TensorFile
{
    private const int Floats = 4;
    private const int Int32s = 5;
    private const int Int64s = 7;
    private const int Doubles = 10;
    private const int UInt64s = 11;

    /// <summary>The tensor; null when its type is none that the protocols carry.</summary>
    public static NamedTensor? Read(string file, string name)
    {
        var dims = new List<long>();
        var numbers = new List<ulong>();
        var strings = new List<byte[]>();
        byte[]? raw = null;
        var type = 0;
        var reader = new CodedInputStream(File.ReadAllBytes(file));
        while (reader.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    ReadEach(reader, tag, () => dims.Add(reader.ReadInt64()));
                    break;
                case 2:
                    type = reader.ReadInt32();
                    break;
                case Floats:
                    ReadEach(reader, tag, () => numbers.Add(BitConverter.SingleToUInt32Bits(reader.ReadFloat())));
                    break;
                case Int32s or Int64s or UInt64s:
                    ReadEach(reader, tag, () => numbers.Add(reader.ReadUInt64()));
                    break;
                case 6:
                    strings.Add(reader.ReadBytes().ToByteArray());
                    break;
                case 9:
                    raw = reader.ReadBytes().ToByteArray();
                    break;
                case Doubles:
                    ReadEach(reader, tag, () => numbers.Add(BitConverter.DoubleToUInt64Bits(reader.ReadDouble())));
                    break;
                default:
                    reader.SkipLastField();
                    break;
            }
        }

        return TypeOf(type) is { } known ? new NamedTensor(name, known, [.. dims], known == TensorDataType.Bytes ? Pack(strings) : raw ?? Pack(numbers, known.ElementSize())) : null;
    }

    private static void ReadEach(CodedInputStream reader, uint tag, Action read)
    {
        if (WireFormat.GetTagWireType(tag) != WireFormat.WireType.LengthDelimited)
        {
            read();
            return;
        }

        for (var end = reader.ReadLength() + reader.Position; reader.Position < end;)
        {
            read();
        }
    }

    // The elements are little-endian in a file as they are on the wire, each in as many low bytes as its type has.
    private static byte[] Pack(List<ulong> numbers, int size) => [.. numbers.SelectMany(number => BitConverter.GetBytes(number)[..size])];

    private static byte[] Pack(List<byte[]> strings) => [.. strings.SelectMany(static text => (byte[])[.. BitConverter.GetBytes(text.Length), .. text])];

    private static TensorDataType? TypeOf(int type) => type switch
    {
        1 => TensorDataType.Fp32,
        2 => TensorDataType.UInt8,
        3 => TensorDataType.Int8,
        4 => TensorDataType.UInt16,
        5 => TensorDataType.Int16,
        6 => TensorDataType.Int32,
        7 => TensorDataType.Int64,
        8 => TensorDataType.Bytes,
        9 => TensorDataType.Bool,
        10 => TensorDataType.Fp16,
        11 => TensorDataType.Fp64,
        12 => TensorDataType.UInt32,
        13 => TensorDataType.UInt64,
        16 => TensorDataType.Bf16,
        _ => null,
    };
}
