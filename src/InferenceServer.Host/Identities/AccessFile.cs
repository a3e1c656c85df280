using System.Collections.Immutable;
using InferenceServer.Core.Access;

namespace InferenceServer.Host.Identities;

/// <summary>What the access file says.</summary>
/// <param name="Entries">The callers.</param>
/// <param name="TokenLimits">What each caller with a token may ask for.</param>
internal sealed record AccessFile(ImmutableArray<AccessEntry> Entries, CallerLimits TokenLimits)
{
    /// <summary>Nobody.</summary>
    public static AccessFile Empty { get; } = new([], CallerLimits.None);
}
