using System.Text.Json;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Answers;

internal static class HttpAnswerReader
{
    /// <param name="body">The whole response body.</param>
    /// <param name="jsonLength">The value of Inference-Header-Content-Length; null when the whole body is JSON.</param>
    public static Answer Read(ReadOnlyMemory<byte> body, int? jsonLength)
    {
        if (jsonLength < 0 || jsonLength > body.Length)
        {
            throw new BenchException($"the answer has the Inference-Header-Content-Length {jsonLength} but a body of {body.Length} bytes");
        }

        var tail = jsonLength is { } length ? body[length..] : default;
        try
        {
            using var document = JsonDocument.Parse(body[..(jsonLength ?? body.Length)]);
            var outputs = new List<Tensor>();
            foreach (var output in document.RootElement.GetProperty("outputs").EnumerateArray())
            {
                outputs.Add(ReadOutput(output, ref tail));
            }

            return tail.IsEmpty
                ? new Answer(document.RootElement.GetProperty("model_name").GetString() ?? "", outputs)
                : throw new BenchException($"the answer has {tail.Length} bytes that belong to no output");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BenchException($"the answer cannot be read: {e.Message}", e);
        }
    }

    private static Tensor ReadOutput(JsonElement output, ref ReadOnlyMemory<byte> tail)
    {
        var name = output.GetProperty("name").GetString() ?? "";
        var dataType = output.GetProperty("datatype").GetString() ?? "";
        long[] shape = [.. output.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
        if (output.TryGetProperty("data", out var data))
        {
            return new Tensor(name, dataType, shape, TensorJson.Read(data, dataType));
        }

        var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
        if (size < 0 || size > tail.Length)
        {
            throw new BenchException($"output '{name}' of the answer states {size} bytes, {tail.Length} are left");
        }

        var bytes = tail[..size].ToArray();
        tail = tail[size..];
        return new Tensor(name, dataType, shape, bytes);
    }
}
