using System.Collections.Immutable;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Inference;

/// <summary>A model as the metadata routes show it.</summary>
/// <param name="Version">The version that is described.</param>
/// <param name="ReadyVersions">Every version that is ready, ascending; the described one alone when the client named it.</param>
/// <param name="Config">The configuration that the version runs with.</param>
public sealed record ModelDescription(long Version, ImmutableArray<long> ReadyVersions, ModelConfig Config);
