using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Routing;

/// <summary>What became of the wish to change an alias.</summary>
/// <param name="Status">The alias after the change; null when it was removed, or nothing was changed.</param>
/// <param name="Error">Why nothing was changed; null when it was.</param>
public sealed record AliasChange(AliasStatus? Status, InferenceError? Error)
{
    /// <summary>True when nothing was changed because the condition does not hold.</summary>
    public bool IsConflict { get; init; }
}
