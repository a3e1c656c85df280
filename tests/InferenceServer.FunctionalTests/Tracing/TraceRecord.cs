using System.Text.Json;

namespace InferenceServer.FunctionalTests.Tracing;

/// <summary>One request in a trace file.</summary>
/// <param name="Head">What request it is.</param>
/// <param name="Activities">The places that it passed, in the order of the file.</param>
/// <param name="Tensors">Its tensors: where they were seen, name and data.</param>
internal sealed record TraceRecord(JsonElement Head, string[] Activities, string[] Tensors)
{
    /// <summary>The client's id of the request.</summary>
    public string RequestId => Head.GetProperty("request_id").GetString()!;

    /// <summary>Reads a file, which must be JSON; requests come in the order of their ends.</summary>
    public static TraceRecord[] Read(string path)
    {
        var elements = JsonSerializer.Deserialize<JsonElement[]>(File.ReadAllText(path))!;
        return
        [
            .. elements.GroupBy(static element => element.GetProperty("id").GetInt64()).Select(static trace => new TraceRecord(
                trace.Single(static element => element.TryGetProperty("model_name", out _)),
                [.. trace.Where(static element => element.TryGetProperty("timestamps", out _)).SelectMany(static element => element.GetProperty("timestamps").EnumerateArray()).Select(static timestamp => timestamp.GetProperty("name").GetString()!)],
                [.. trace.Where(static element => element.TryGetProperty("tensor", out _)).Select(static element => $"{element.GetProperty("activity")} {element.GetProperty("tensor").GetProperty("name")} {element.GetProperty("tensor").GetProperty("data")}")])),
        ];
    }
}
