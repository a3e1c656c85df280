using System.Runtime.InteropServices;
using Google.Protobuf;

namespace InferenceServer.LoadGenerator.Models;

/// <summary>Writes the messages of an ONNX file. The field numbers are those of the published <c>onnx.proto</c>.</summary>
internal static class OnnxWriter
{
    private const int IrVersion = 8;
    private const int Opset = 17;
    private const int FloatType = 1;
    private const int Int64Type = 7;
    private const int IntsKind = 7;

    public static byte[] Model(byte[] graph) => Message(model =>
    {
        Number(model, 1, IrVersion);
        Nested(model, 7, graph);
        Nested(model, 8, Message(static set => Number(set, 2, Opset)));
    });

    public static byte[] Graph(string name, IEnumerable<byte[]> nodes, IEnumerable<byte[]> weights, byte[] input, byte[] output) => Message(graph =>
    {
        foreach (var node in nodes)
        {
            Nested(graph, 1, node);
        }

        Text(graph, 2, name);
        foreach (var tensor in weights)
        {
            Nested(graph, 5, tensor);
        }

        Nested(graph, 11, input);
        Nested(graph, 12, output);
    });

    /// <summary>A node, whose attribute is a list of numbers where it has one.</summary>
    public static byte[] Node(string operation, string[] inputs, string output, string? attribute = null, params long[] values) => Message(node =>
    {
        foreach (var input in inputs)
        {
            Text(node, 1, input);
        }

        Text(node, 2, output);
        Text(node, 4, operation);
        if (attribute is not null)
        {
            Nested(node, 5, Message(message =>
            {
                Text(message, 1, attribute);
                Array.ForEach(values, value => Number(message, 8, value));
                Number(message, 20, IntsKind);
            }));
        }
    });

    public static byte[] Floats(string name, long[] dimensions, float[] values) => Tensor(name, FloatType, dimensions, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public static byte[] Integers(string name, params long[] values) => Tensor(name, Int64Type, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    /// <summary>The description of numbers of which all dimensions but the last may have any size.</summary>
    public static byte[] Value(string name, string[] free, int width)
    {
        var shape = Message(shape =>
        {
            foreach (var symbol in free)
            {
                Nested(shape, 1, Message(dimension => Text(dimension, 2, symbol)));
            }

            Nested(shape, 1, Message(dimension => Number(dimension, 1, width)));
        });
        var type = Message(tensor =>
        {
            Number(tensor, 1, FloatType);
            Nested(tensor, 2, shape);
        });
        return Message(value =>
        {
            Text(value, 1, name);
            Nested(value, 2, Message(outer => Nested(outer, 1, type)));
        });
    }

    private static byte[] Tensor(string name, int type, long[] dimensions, byte[] data) => Message(tensor =>
    {
        Array.ForEach(dimensions, dimension => Number(tensor, 1, dimension));
        Number(tensor, 2, type);
        Text(tensor, 8, name);
        Nested(tensor, 9, data);
    });

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(output);
        }

        return bytes.ToArray();
    }

    private static void Number(CodedOutputStream output, int field, long value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }

    private static void Text(CodedOutputStream output, int field, string value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
    }

    private static void Nested(CodedOutputStream output, int field, byte[] message)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(message));
    }
}
