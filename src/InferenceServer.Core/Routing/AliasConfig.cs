using System.Collections.Immutable;
using System.Globalization;

namespace InferenceServer.Core.Routing;

/// <summary>A name that clients ask for like a model's, and which models and versions answer. Checked by whoever makes it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Targets">One to <see cref="MaxTargets"/> targets, of which exactly one is stable.</param>
public sealed record AliasConfig(string Name, ImmutableArray<AliasTarget> Targets)
{
    /// <summary>The most aliases of a server.</summary>
    public const int MaxAliases = 1024;

    /// <summary>The largest weight of a target.</summary>
    public const double MaxWeight = 1_000_000;

    /// <summary>The most targets of an alias.</summary>
    public const int MaxTargets = 16;

    /// <summary>Who sees copies of the requests; null for nobody.</summary>
    public AliasShadow? Shadow { get; init; }

    /// <summary>The header whose value decides on the target, so that a user stays with one; null when chance decides.</summary>
    public string? StickyHeader { get; init; }

    /// <summary>When everything goes back to the stable target; null for never.</summary>
    public RollbackConfig? Rollback { get; init; }

    /// <summary>The target that everything goes back to.</summary>
    public AliasTarget Stable => Targets.First(static target => target.IsStable);

    /// <summary>True when a target beside the stable one gets traffic.</summary>
    public bool HasCanary => Targets.Any(static target => !target.IsStable && target.Weight > 0);

    /// <summary>The sum of all weights.</summary>
    public double TotalWeight => Targets.Sum(static target => target.Weight);

    /// <summary>The same with all traffic on the stable target.</summary>
    public AliasConfig AllToStable() => WithAllOn(Stable);

    /// <summary>The same with one of its targets as the stable one, which gets all traffic.</summary>
    public AliasConfig WithAllOn(AliasTarget chosen) => this with
    {
        Targets = [.. Targets.Select(target => target with { IsStable = ReferenceEquals(target, chosen), Weight = ReferenceEquals(target, chosen) ? Math.Min(TotalWeight, MaxWeight) : 0 })],
    };

    /// <summary>Who gets how much, as the repository index says it.</summary>
    public string Describe()
    {
        var total = TotalWeight;
        var shares = Targets.Where(static target => target.Weight > 0).Select(target => string.Create(CultureInfo.InvariantCulture, $"{target} {target.Weight / total * 100:0.##} %"));
        return $"alias: {string.Join(", ", shares)}{(Shadow is { } shadow ? $"; shadow {new AliasTarget(shadow.Model, shadow.Version, 0, false)}" : "")}";
    }
}
