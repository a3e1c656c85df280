using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>Outputs that the model gives flat, one request after another: each request's part has the shape of one of its inputs.</summary>
/// <param name="Targets">The outputs; at least one.</param>
/// <param name="Source">The input whose shape they have.</param>
public sealed record BatchOutputConfig(ImmutableArray<string> Targets, string Source);
