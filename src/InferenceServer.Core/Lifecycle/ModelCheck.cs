using System.Collections.Immutable;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What a check has found about one version of a model, or about a model that has none.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Version">The version's number; null when the model as a whole is wrong.</param>
/// <param name="Problems">What keeps it from serving, one sentence each; empty when it would serve.</param>
/// <param name="Warnings">What it would serve in spite of.</param>
public sealed record ModelCheck(string Model, long? Version, ImmutableArray<string> Problems, ImmutableArray<string> Warnings);
