using System.Text.Json;

namespace InferenceServer.Bench.Models;

internal static class ModelMetadataReader
{
    /// <summary>Reads the body of a model metadata answer.</summary>
    public static ModelMetadata Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return new ModelMetadata(
                root.GetProperty("name").GetString() ?? "",
                ReadTensors(root.GetProperty("inputs")),
                ReadTensors(root.GetProperty("outputs")));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BenchException($"the model metadata cannot be read: {e.Message}", e);
        }
    }

    private static List<TensorMetadata> ReadTensors(JsonElement array)
    {
        var tensors = new List<TensorMetadata>();
        foreach (var element in array.EnumerateArray())
        {
            tensors.Add(new TensorMetadata(
                element.GetProperty("name").GetString() ?? "",
                element.GetProperty("datatype").GetString() ?? "",
                [.. element.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())]));
        }

        return tensors;
    }
}
