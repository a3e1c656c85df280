using System.Text.Json;
using InferenceServer.Bench;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>Everything the echo endpoint answers with. An encoding that was not recorded is null.</summary>
/// <param name="Metadata">The answer to the model metadata request, so that this tool can be pointed at its own echo endpoint.</param>
/// <param name="Json">The answer in JSON.</param>
/// <param name="Binary">The answer with binary tensors.</param>
/// <param name="Grpc">The serialised ModelInferResponse.</param>
internal sealed record Recording(RecordedHttpAnswer? Metadata, RecordedHttpAnswer? Json, RecordedHttpAnswer? Binary, byte[]? Grpc)
{
    public static Recording Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Recording>(File.ReadAllBytes(path))
                ?? throw new BenchException($"the recording '{path}' is empty");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BenchException($"the recording '{path}' cannot be read: {e.Message}", e);
        }
    }

    public void Save(string path) => File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this));
}
