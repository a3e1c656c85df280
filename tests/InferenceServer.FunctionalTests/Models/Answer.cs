using System.Text;
using InferenceServer.Abstractions.Tensors;
using Xunit;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>What came back: outputs with their values as numbers or texts, or the error.</summary>
internal sealed record Answer
{
    public string Id { get; init; } = "";

    public string ModelName { get; init; } = "";

    public string ModelVersion { get; init; } = "";

    public IReadOnlyList<AnswerOutput> Outputs { get; init; } = [];

    /// <summary>The status: an HTTP number or a gRPC code's name; empty for success.</summary>
    public string Status { get; init; } = "";

    public string Error { get; init; } = "";

    public AnswerOutput this[string name] => Outputs.Single(output => output.Name == name);

    public Answer MustSucceed()
    {
        Assert.True(Status.Length == 0, $"{Status}: {Error}");
        return this;
    }

    /// <summary>Reads the bytes of a binary output.</summary>
    public static AnswerOutput FromRaw(string name, string dataType, long[] shape, ReadOnlySpan<byte> raw)
    {
        switch (dataType)
        {
            case "BYTES":
                var texts = new List<string>();
                while (BytesTensor.TryReadNext(ref raw, out var element))
                {
                    texts.Add(Encoding.UTF8.GetString(element));
                }

                return new AnswerOutput(name, dataType, shape, [], [.. texts]);
            case "FP16":
                return new AnswerOutput(name, dataType, shape, [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(raw).ToArray().Select(static value => (double)value)], []);
            case "UINT8":
                return new AnswerOutput(name, dataType, shape, [.. raw.ToArray().Select(static value => (double)value)], []);
            case "INT32":
                return new AnswerOutput(name, dataType, shape, [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(raw).ToArray().Select(static value => (double)value)], []);
            case "INT64":
                return new AnswerOutput(name, dataType, shape, [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(raw).ToArray().Select(static value => (double)value)], []);
            default:
                Assert.Equal("FP32", dataType);
                return new AnswerOutput(name, dataType, shape, [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(raw).ToArray().Select(static value => (double)value)], []);
        }
    }
}
