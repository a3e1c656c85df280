using System.Collections.Immutable;

namespace InferenceServer.Core.Repository;

/// <summary>What one scan found in all repositories together.</summary>
/// <param name="Models">The models, by name.</param>
public sealed record RepositorySnapshot(ImmutableArray<ModelFolder> Models);
