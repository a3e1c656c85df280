using System.Text.Json;
using Google.Protobuf;
using Inference;

namespace InferenceServer.Bench.Answers;

/// <summary>Reads what an answer says of its outputs, whose elements may be elsewhere.</summary>
internal static class AnswerFormReader
{
    /// <summary>Reads an answer over HTTP.</summary>
    /// <param name="body">The whole body; what stands behind the JSON is not looked at.</param>
    /// <exception cref="BenchException">It is no answer.</exception>
    public static IReadOnlyList<AnswerForm> OverHttp(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            return [.. document.RootElement.GetProperty("outputs").EnumerateArray().Select(Read)];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BenchException($"the answer cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a serialised ModelInferResponse.</summary>
    /// <exception cref="BenchException">It is none.</exception>
    public static IReadOnlyList<AnswerForm> OverRpc(byte[] message)
    {
        try
        {
            var response = ModelInferResponse.Parser.ParseFrom(message);
            var hasRaw = response.RawOutputContents.Any(static raw => raw.Length > 0);
            return [.. response.Outputs.Select(output => new AnswerForm(output.Name, output.Datatype, [.. output.Shape], hasRaw || output.Contents?.CalculateSize() > 0))];
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new BenchException($"the answer is no ModelInferResponse: {e.Message}", e);
        }
    }

    private static AnswerForm Read(JsonElement output) => new(
        output.GetProperty("name").GetString() ?? "",
        output.GetProperty("datatype").GetString() ?? "",
        [.. output.GetProperty("shape").EnumerateArray().Select(static dimension => dimension.GetInt64())],
        output.TryGetProperty("data", out _) || (output.TryGetProperty("parameters", out var parameters) && parameters.TryGetProperty("binary_data_size", out _)));
}
