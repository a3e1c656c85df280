using System.Collections.Immutable;

namespace InferenceServer.Core.Routing;

/// <summary>What the files of all repositories declare together.</summary>
/// <param name="Aliases">The aliases; they count only when there are no problems.</param>
/// <param name="Problems">Every mistake, one line each.</param>
/// <param name="Stamp">The same for the same files.</param>
internal sealed record AliasFileSet(ImmutableArray<AliasConfig> Aliases, ImmutableArray<string> Problems, string Stamp);
