using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Plugins;

/// <summary>Reads <c>backend.json</c>. What is wrong is said with the field, what was expected and what came.</summary>
internal static class BackendManifestReader
{
    /// <summary>No manifest is longer. Bytes.</summary>
    public const int MaxLength = 65_536;

    private static readonly string[] s_fields = ["name", "assembly", "type", "platform", "model_files", "bare_file_extension", "describes_models", "reports_responses", "auto_warmup", "runs_on_gpus", "loads_operator_libraries", "settings", "trial_load"];
    private static readonly JsonDocumentOptions s_options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Reads a manifest.</summary>
    /// <param name="json">The file.</param>
    /// <param name="manifest">What it says; null when it is wrong.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    public static bool TryRead(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out BackendManifest? manifest, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            using var document = JsonDocument.Parse(json, s_options);
            manifest = Read(document.RootElement);
            problem = null;
            return true;
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            manifest = null;
            problem = exception.Message;
            return false;
        }
    }

    private static BackendManifest Read(JsonElement root)
    {
        Require(root.ValueKind == JsonValueKind.Object, "expected an object");
        foreach (var property in root.EnumerateObject())
        {
            var near = Nearest.Of(property.Name, s_fields);
            Require(s_fields.Contains(property.Name, StringComparer.Ordinal), $"there is no field '{property.Name}'{(near is null ? "" : $"; did you mean '{near}'?")}");
        }

        var assembly = Text(root, "assembly") ?? throw new FormatException("the field 'assembly' is missing");
        Require(IsPlainName(assembly) && assembly.EndsWith(".dll", StringComparison.OrdinalIgnoreCase), $"the field 'assembly' must be the name of a .dll in the same folder, without any path, got '{assembly}'");
        var files = Texts(root, "model_files");
        Require(files.All(IsPlainName), "the field 'model_files' must hold names of files, without any path");
        var extension = Text(root, "bare_file_extension");
        Require(extension is null || (extension.Length > 1 && extension[0] == '.' && IsPlainName(extension)), $"the field 'bare_file_extension' must begin with a dot, got '{extension}'");
        var name = Text(root, "name") ?? throw new FormatException("the field 'name' is missing");
        var descriptor = new BackendDescriptor(name)
        {
            Platform = Text(root, "platform"),
            ModelFilenames = files,
            BareFileExtension = extension,
            DescribesModels = Truth(root, "describes_models", false),
            ReportsResponses = Truth(root, "reports_responses", false),
            AllowsAutomaticWarmup = Truth(root, "auto_warmup", true),
            RunsOnGpus = Truth(root, "runs_on_gpus", false),
            LoadsOperatorLibraries = Truth(root, "loads_operator_libraries", false),
            Settings = Texts(root, "settings"),
        };
        return new BackendManifest(descriptor, assembly, Text(root, "type") ?? throw new FormatException("the field 'type' is missing"))
        {
            TriesLoads = Truth(root, "trial_load", false),
        };
    }

    private static string? Text(JsonElement root, string field)
    {
        if (!root.TryGetProperty(field, out var value))
        {
            return null;
        }

        Require(value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 }, $"the field '{field}' must be a text, got {value.GetRawText()}");
        return value.GetString();
    }

    private static ImmutableArray<string> Texts(JsonElement root, string field)
    {
        if (!root.TryGetProperty(field, out var value))
        {
            return [];
        }

        Require(value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(static one => one.ValueKind == JsonValueKind.String), $"the field '{field}' must be a list of texts, got {value.GetRawText()}");
        return [.. value.EnumerateArray().Select(static one => one.GetString()!)];
    }

    private static bool Truth(JsonElement root, string field, bool otherwise)
    {
        if (!root.TryGetProperty(field, out var value))
        {
            return otherwise;
        }

        Require(value.ValueKind is JsonValueKind.True or JsonValueKind.False, $"the field '{field}' must be true or false, got {value.GetRawText()}");
        return value.GetBoolean();
    }

    private static bool IsPlainName(string name) => name.Length > 0 && name is not ("." or "..") && !name.AsSpan().ContainsAny('/', '\\', '\0');

    private static void Require(bool isTrue, string problem)
    {
        if (!isTrue)
        {
            throw new FormatException(problem);
        }
    }
}
