using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Routing;

/// <summary>Answers what is asked about an alias as if it were a model.</summary>
internal static class AliasDescriber
{
    /// <summary>Describes a model.</summary>
    public delegate bool ModelDescriber(string model, string version, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error);

    /// <summary>
    /// Describes an alias by its stable target, or by another one that has traffic when that is not ready. The description bears the alias's
    /// name: a client that goes on with what it finds in it goes on with the alias.
    /// </summary>
    public static bool TryDescribe(
        AliasRoute route, string version, ModelDescriber describe, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error)
    {
        description = null;
        error = null;
        if (version.Length > 0)
        {
            error = AliasErrors.NoVersions(route.Config, version);
            return false;
        }

        foreach (var target in Ordered(route).Where(static target => target.Weight > 0))
        {
            if (describe(target.Model, target.VersionText, out var found, out _))
            {
                description = found with { ReadyVersions = [found.Version], Config = found.Config.WithName(route.Name) };
                return true;
            }
        }

        error = AliasErrors.NoTarget(route.Name);
        return false;
    }

    /// <summary>Why a request for the alias would not be answered; null when a target that has traffic is ready.</summary>
    public static InferenceError? FindUnready(AliasRoute route, string version, Func<AliasTarget, bool> isReady) =>
        version.Length > 0 ? AliasErrors.NoVersions(route.Config, version)
        : route.Config.Targets.Any(target => target.Weight > 0 && isReady(target)) ? null
        : AliasErrors.NoTarget(route.Name);

    /// <summary>The counters of every target that is ready, the stable one first, under the names of the models that they are of.</summary>
    public static bool TryReadStatistics(
        AliasRoute route, ModelCatalog catalog, string version, out ImmutableArray<ModelStatisticsReport> reports, [NotNullWhen(false)] out InferenceError? error)
    {
        reports = [];
        error = version.Length > 0 ? AliasErrors.NoVersions(route.Config, version) : null;
        if (error is not null)
        {
            return false;
        }

        var found = ImmutableArray.CreateBuilder<ModelStatisticsReport>();
        foreach (var target in Ordered(route))
        {
            if (catalog.TryAcquire(target.Model, target.VersionText, out var lease, out _))
            {
                using (lease)
                {
                    found.Add(lease.Model.ReadStatistics());
                }
            }
        }

        // Two targets may be one version, when one of them means the highest one.
        reports = [.. found.DistinctBy(static report => (report.Name, report.Version))];
        error = reports.IsEmpty ? AliasErrors.NoTarget(route.Name) : null;
        return error is null;
    }

    /// <summary>The repository index with the aliases in it: an entry each, without a version, whose reason says what it stands for.</summary>
    public static ImmutableArray<ModelIndexEntry> AddTo(ImmutableArray<ModelIndexEntry> models, ImmutableArray<AliasStatus> aliases, bool readyOnly) => aliases.IsEmpty
        ? models
        : [.. models.Concat(aliases.Where(alias => alias.IsReady || !readyOnly).Select(Entry)).OrderBy(static entry => entry.Name, StringComparer.Ordinal)];

    private static ModelIndexEntry Entry(AliasStatus alias) => new(
        alias.Config.Name,
        null,
        alias.IsReady ? ModelState.Ready : ModelState.Failed,
        alias.Config.Describe()
            + (alias.IsHidden ? "; not in force, since a model of this name goes before" : alias.IsReady ? "" : "; none of its targets is ready")
            + (alias.RolledBack is { } rolledBack ? $"; rolled back: {rolledBack.Reason}" : ""));

    private static IEnumerable<AliasTarget> Ordered(AliasRoute route) => route.Config.Targets.OrderBy(static target => target.IsStable ? 0 : 1);
}
