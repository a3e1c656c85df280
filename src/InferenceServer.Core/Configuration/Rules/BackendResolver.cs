using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Finds the backend of a model: by name, by the older platform name, or by the files in its folder.</summary>
internal static class BackendResolver
{
    public static BackendDescriptor? Resolve(
        global::Inference.ModelConfig message, ModelFolderFacts facts, IReadOnlyList<BackendDescriptor> backends)
    {
        if (message.Backend.Length > 0)
        {
            return backends.FirstOrDefault(backend => backend.Name == message.Backend);
        }

        return message.Platform.Length > 0
            ? backends.FirstOrDefault(backend => backend.Platform == message.Platform)
            : Candidates(message, facts, backends) is [var only] ? only : null;
    }

    /// <summary>The backends that the model's files imply when its configuration names none.</summary>
    public static IReadOnlyList<BackendDescriptor> Candidates(
        global::Inference.ModelConfig message, ModelFolderFacts facts, IReadOnlyList<BackendDescriptor> backends)
    {
        if (facts.BareFileName is { } bare)
        {
            return [.. backends.Where(backend =>
                backend.BareFileExtension is { } extension && bare.EndsWith(extension, StringComparison.OrdinalIgnoreCase))];
        }

        var byName = backends.Where(backend => facts.ModelName.EndsWith($".{backend.Name}", StringComparison.Ordinal)).ToList();
        if (byName.Count > 0)
        {
            return byName;
        }

        // A file of another name still tells by its extension.
        var file = message.DefaultModelFilename;
        return [.. backends.Where(backend => backend.ModelFilenames.Any(usual => file.Length > 0 ? HasExtensionOf(file, usual) : facts.HasFile(usual)))];
    }

    private static bool HasExtensionOf(string file, string usual)
    {
        var dot = usual.LastIndexOf('.');
        return dot >= 0 && file.EndsWith(usual[dot..], StringComparison.OrdinalIgnoreCase);
    }
}
