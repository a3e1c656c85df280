using System.Collections.Immutable;

namespace InferenceServer.Core.Routing;

/// <summary>What must hold for a change to be made, so that two who change an alias do not undo each other's change unseen.</summary>
public sealed record AliasCondition
{
    /// <summary>No condition.</summary>
    public static AliasCondition None { get; } = new();

    /// <summary>The tags of which the alias must have one; <c>*</c> stands for any; null for no condition.</summary>
    public ImmutableArray<string>? Tags { get; init; }

    /// <summary>True when there must be no alias of the name.</summary>
    public bool MustBeNew { get; init; }

    /// <summary>Whether it holds.</summary>
    /// <param name="tag">The alias's tag; null when there is no alias.</param>
    public bool Allows(string? tag) =>
        (!MustBeNew || tag is null) && (Tags is not { } tags || (tag is not null && (tags.Contains("*") || tags.Contains(tag))));
}
