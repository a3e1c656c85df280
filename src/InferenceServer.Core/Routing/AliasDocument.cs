using System.Collections.Immutable;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Routing;

/// <summary>What a text declares.</summary>
/// <param name="Aliases">The aliases that have no mistakes.</param>
/// <param name="Problems">Every mistake.</param>
internal sealed record AliasDocument(ImmutableArray<DeclaredAlias> Aliases, ImmutableArray<ConfigProblem> Problems);
