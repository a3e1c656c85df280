using System.Collections.Immutable;

namespace InferenceServer.Core.Routing;

/// <summary>An alias as those who operate it see it.</summary>
/// <param name="Config">What is in force.</param>
/// <param name="Tag">Another text after every change: what a change may be made to depend on.</param>
/// <param name="Origin">Where it comes from.</param>
public sealed record AliasStatus(AliasConfig Config, string Tag, AliasOrigin Origin)
{
    /// <summary>When it was changed for the last time.</summary>
    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>True when a request for it would be answered.</summary>
    public required bool IsReady { get; init; }

    /// <summary>True when a model of the same name goes before it.</summary>
    public required bool IsHidden { get; init; }

    /// <summary>What was in force before; null when nothing was.</summary>
    public AliasConfig? Previous { get; init; }

    /// <summary>That the last change was a roll-back; null when it was not.</summary>
    public RollbackRecord? RolledBack { get; init; }

    /// <summary>The targets, in the order of the configuration.</summary>
    public required ImmutableArray<AliasTargetStatus> Targets { get; init; }

    /// <summary>The copies for the shadow; there also while there is none.</summary>
    public required ShadowStatus Shadow { get; init; }

    /// <summary>How often it was rolled back, by cause, in the order of the causes.</summary>
    public required ImmutableArray<long> Rollbacks { get; init; }
}
