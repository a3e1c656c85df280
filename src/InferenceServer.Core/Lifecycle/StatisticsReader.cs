using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Reads the counters of the versions that serve.</summary>
internal static class StatisticsReader
{
    /// <inheritdoc cref="IModelControl.TryReadStatistics" />
    public static bool TryRead(
        ModelCatalog catalog, string modelName, string version, out ImmutableArray<ModelStatisticsReport> reports, [NotNullWhen(false)] out InferenceError? error)
    {
        reports = [];
        error = null;
        var number = 0L;
        if (version.Length > 0 && !long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            error = InferenceErrors.VersionNotANumber(version);
            return false;
        }

        var current = catalog.Current;
        if (modelName.Length == 0)
        {
            reports = Read(current.Models.OrderBy(static versions => versions.Name, StringComparer.Ordinal).SelectMany(static versions => versions.Ready));
            return true;
        }

        var known = current.Find(modelName);
        var ready = known?.Ready ?? [];
        if (ready.IsEmpty)
        {
            error = current.PlainNames.Find(modelName) is { Length: > 1 } choices ? InferenceErrors.AmbiguousModel(modelName, choices) : InferenceErrors.NoStatisticsOfModel(modelName);
            return false;
        }

        reports = Read(ready.Where(model => version.Length == 0 || model.Version == number));
        if (reports.IsEmpty)
        {
            error = InferenceErrors.NoStatisticsOfVersion(modelName, version, string.Join(", ", ready.Select(static model => model.Version)));
            return false;
        }

        // A client looks for the name that it has asked for.
        reports = known!.Name == modelName ? reports : [.. reports.Select(report => report with { Name = modelName })];
        return true;
    }

    private static ImmutableArray<ModelStatisticsReport> Read(IEnumerable<ServedModel> models)
    {
        var reports = ImmutableArray.CreateBuilder<ModelStatisticsReport>();
        foreach (var model in models)
        {
            // What is being freed at this moment has no statistics any more.
            if (model.TryAcquire())
            {
                using var lease = new ModelLease(model);
                reports.Add(model.ReadStatistics());
            }
        }

        return reports.ToImmutable();
    }
}
