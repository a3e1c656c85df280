using System.Runtime.InteropServices;
using Google.Protobuf;

namespace InferenceServer.LoadGenerator.Models;

/// <summary>
/// Writes a perceptron as an ONNX file: layers of <c>max(0, X · W)</c> from X to Y, over rows of one width. Each weight is 1 over the width, so that every number of an answer is the mean of its
/// row; to the bit, for the inputs that this tool makes up and a width that is a power of two. The field numbers are those of the published <c>onnx.proto</c>.
/// </summary>
internal static class PerceptronFile
{
    private const int IrVersion = 8;
    private const int Opset = 17;
    private const int FloatType = 1;

    /// <param name="width">The numbers of a row.</param>
    /// <param name="layers">How many layers.</param>
    public static byte[] Of(int width, int layers)
    {
        var weights = new float[width * width];
        Array.Fill(weights, 1f / width);
        var graph = Message(graph =>
        {
            for (var layer = 0; layer < layers; layer++)
            {
                var (input, output) = (layer == 0 ? "X" : $"H{layer}", layer == layers - 1 ? "Y" : $"H{layer + 1}");
                Nested(graph, 1, Node("MatMul", [input, $"W{layer}"], $"S{layer}"));
                Nested(graph, 1, Node("Relu", [$"S{layer}"], output));
            }

            Text(graph, 2, "perceptron");
            for (var layer = 0; layer < layers; layer++)
            {
                Nested(graph, 5, Weights($"W{layer}", width, MemoryMarshal.AsBytes(weights.AsSpan()).ToArray()));
            }

            Nested(graph, 11, Rows("X", width));
            Nested(graph, 12, Rows("Y", width));
        });
        return Message(model =>
        {
            Number(model, 1, IrVersion);
            Nested(model, 7, graph);
            Nested(model, 8, Message(static set => Number(set, 2, Opset)));
        });
    }

    private static byte[] Node(string operation, string[] inputs, string output) => Message(node =>
    {
        foreach (var input in inputs)
        {
            Text(node, 1, input);
        }

        Text(node, 2, output);
        Text(node, 4, operation);
    });

    private static byte[] Weights(string name, int width, byte[] data) => Message(tensor =>
    {
        Number(tensor, 1, width);
        Number(tensor, 1, width);
        Number(tensor, 2, FloatType);
        Text(tensor, 8, name);
        Nested(tensor, 9, data);
    });

    /// <summary>The description of a tensor of any number of rows.</summary>
    private static byte[] Rows(string name, int width)
    {
        var shape = Message(shape =>
        {
            Nested(shape, 1, Message(static dimension => Text(dimension, 2, "rows")));
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
