using System.IO.Abstractions;
using System.Text.Json;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Inputs;

/// <summary>
/// Reads inputs from a file: requests as they are sent over HTTP, one or an array of them, or the form <c>{"data": [{"INPUT0": [1, 2]}]}</c>, in which each
/// entry is one row of every input, as values, as <c>{"content": [], "shape": []}</c> or as <c>{"b64": ""}</c>.
/// </summary>
internal static class RecordedInputsReader
{
    private const long MaxFileBytes = 512 * 1024 * 1024;

    /// <returns>The inputs of each request, in the order of the file.</returns>
    /// <exception cref="BenchException">The file is not there, is none of these, or does not fit the model.</exception>
    public static IReadOnlyList<IReadOnlyList<Tensor>> Read(IFileSystem files, string path, ModelMetadata model, InputOptions options)
    {
        try
        {
            var file = files.FileInfo.New(path);
            if (file.Length > MaxFileBytes)
            {
                throw new BenchException($"--input-data: '{path}' has {file.Length} bytes, more than the {MaxFileBytes} that are read");
            }

            using var document = JsonDocument.Parse(files.File.ReadAllBytes(path));
            var requests = Read(document.RootElement, model, options);
            return requests.Count > 0 ? requests : throw new BenchException($"--input-data: '{path}' has no inputs");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BenchException($"--input-data: '{path}' cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BenchException($"--input-data: '{path}': {e.Message}", e);
        }
    }

    private static IReadOnlyList<IReadOnlyList<Tensor>> Read(JsonElement root, ModelMetadata model, InputOptions options)
    {
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("data", out var data))
        {
            var entries = new List<JsonElement>();
            Flatten(data, entries);
            return RowInputs.Combine([.. entries.Select((entry, i) => RowInputs.Read(entry, i, model, options))], model, options.Rows);
        }

        if (root.ValueKind == JsonValueKind.Array)
        {
            return [.. root.EnumerateArray().Select(request => RequestInputs.Read(request, model))];
        }

        return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("inputs", out _)
            ? [RequestInputs.Read(root, model)]
            : throw new FormatException("""expected {"inputs": [...]}, an array of such, or {"data": [...]}""");
    }

    /// <summary>Entries may be in lists of their own, one a sequence; they are taken one after the other.</summary>
    private static void Flatten(JsonElement data, List<JsonElement> entries)
    {
        foreach (var entry in data.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.Array)
            {
                Flatten(entry, entries);
            }
            else
            {
                entries.Add(entry);
            }
        }
    }
}
