using System.Collections.Immutable;

namespace InferenceServer.Core.Access;

/// <summary>How scopes are called in files, tokens and answers.</summary>
public static class AccessScopeNames
{
    /// <summary>Every scope by its name.</summary>
    public static ImmutableSortedDictionary<string, AccessScopes> ByName { get; } = new Dictionary<string, AccessScopes>
    {
        ["inference"] = AccessScopes.Inference,
        ["metadata"] = AccessScopes.Metadata,
        ["control"] = AccessScopes.Control,
        ["metrics"] = AccessScopes.Metrics,
        ["shared-memory"] = AccessScopes.SharedMemory,
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>The names of several, with spaces between them, as RFC 6750 has them.</summary>
    public static string NamesOf(AccessScopes scopes) => string.Join(' ', ByName.Where(one => (scopes & one.Value) != 0).Select(static one => one.Key));
}
