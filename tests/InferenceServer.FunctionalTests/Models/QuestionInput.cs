using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>One input: its bytes as the binary encodings carry them, and its values as JSON.</summary>
internal sealed record QuestionInput(string Name, string DataType, long[] Shape, byte[] Raw, string Json)
{
    public static QuestionInput Floats(string name, long[] shape, params float[] values) => new(
        name, "FP32", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), "[" + string.Join(',', values.Select(static value => value.ToString("R", CultureInfo.InvariantCulture))) + "]");

    public static QuestionInput Halves(string name, long[] shape, params float[] values)
    {
        var halves = values.Select(static value => (Half)value).ToArray();
        return new QuestionInput(name, "FP16", shape, MemoryMarshal.AsBytes(halves.AsSpan()).ToArray(),
            "[" + string.Join(',', halves.Select(static value => value.ToString("R", CultureInfo.InvariantCulture))) + "]");
    }

    public static QuestionInput Integers(string name, long[] shape, params int[] values) => new(
        name, "INT32", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), "[" + string.Join(',', values) + "]");

    public static QuestionInput Bytes(string name, long[] shape, params byte[] values) => new(name, "UINT8", shape, values, "[" + string.Join(',', values) + "]");

    public static QuestionInput Strings(string name, long[] shape, params string[] values)
    {
        using var raw = new MemoryStream();
        foreach (var value in values.Select(Encoding.UTF8.GetBytes))
        {
            var element = new byte[BytesTensor.PrefixSize + value.Length];
            BytesTensor.Write(element, value);
            raw.Write(element);
        }

        return new QuestionInput(name, "BYTES", shape, raw.ToArray(), System.Text.Json.JsonSerializer.Serialize(values));
    }
}
