using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Host.Plugins;

/// <summary>What the server was told of a backend before its code was loaded must be what the code says.</summary>
internal static class DescriptorComparison
{
    /// <summary>The first difference, as the field of the manifest and both values; null when there is none.</summary>
    public static string? FindDifference(BackendDescriptor manifest, BackendDescriptor code)
    {
        (string Field, string Manifest, string Code)[] fields =
        [
            ("name", manifest.Name, code.Name),
            ("platform", manifest.Platform ?? "", code.Platform ?? ""),
            ("model_files", string.Join(", ", manifest.ModelFilenames), string.Join(", ", code.ModelFilenames)),
            ("bare_file_extension", manifest.BareFileExtension ?? "", code.BareFileExtension ?? ""),
            ("describes_models", Word(manifest.DescribesModels), Word(code.DescribesModels)),
            ("reports_responses", Word(manifest.ReportsResponses), Word(code.ReportsResponses)),
            ("auto_warmup", Word(manifest.AllowsAutomaticWarmup), Word(code.AllowsAutomaticWarmup)),
            ("runs_on_gpus", Word(manifest.RunsOnGpus), Word(code.RunsOnGpus)),
            ("loads_operator_libraries", Word(manifest.LoadsOperatorLibraries), Word(code.LoadsOperatorLibraries)),
            ("settings", string.Join(", ", manifest.Settings.Order(StringComparer.Ordinal)), string.Join(", ", code.Settings.Order(StringComparer.Ordinal))),
        ];
        return fields.Where(static one => one.Manifest != one.Code)
            .Select(static one => $"{BackendManifest.FileName} says '{one.Manifest}' for {one.Field}, and the backend itself says '{one.Code}'").FirstOrDefault();
    }

    private static string Word(bool value) => value ? "true" : "false";
}
