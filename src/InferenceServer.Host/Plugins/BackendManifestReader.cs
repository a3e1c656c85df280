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

    /// <summary>Every field.</summary>
    public static ImmutableArray<SettingDescription> Fields { get; } =
    [
        new("name", "text", "", "The name of the folder, and what a configuration's backend says."),
        new("assembly", "name of a .dll in the folder", "", "The file that the backend is in."),
        new("type", "text", "", "The class in it: public, with a constructor without parameters."),
        new("platform", "text", "none", "Another name, for the field platform of a configuration."),
        new("model_files", "list of names", "no file", "What the file in a version's folder may be called. A model folder that has one is taken for this backend's without being told."),
        new("bare_file_extension", "text that begins with a dot", "none", "A single file with this ending in the repository itself is a model."),
        new("describes_models", "true or false", "false", "The backend finds out inputs and outputs by itself; else the configuration must say."),
        new("auto_warmup", "true or false", "true", "Models may be run with made-up inputs before they are ready."),
        new("runs_on_gpus", "true or false", "false", "Its instances may be of KIND_GPU; else such a model is refused."),
        new("loads_operator_libraries", "true or false", "false", "Its models may have model_operations; else such a model is refused."),
        new("reports_responses", "true or false", "false", "Statistics show each response of a decoupled model by its number."),
        new("trial_load", "true or false", "false", "The engine ends the process on some files, so that a model is first loaded in a process of its own. --backend-config=<backend>,trial_load=0 leaves that out."),
        new("settings", "list of texts", "none", "What --backend-config=<backend>,<key>=<value> may set."),
    ];

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
        string[] names = [.. Fields.Select(static field => field.Name)];
        foreach (var property in root.EnumerateObject())
        {
            var near = Nearest.Of(property.Name, names);
            Require(names.Contains(property.Name, StringComparer.Ordinal), $"there is no field '{property.Name}'{(near is null ? "" : $"; did you mean '{near}'?")}");
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
