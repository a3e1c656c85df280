using System.Collections.Immutable;

namespace InferenceServer.Core.Lifecycle;

/// <summary>A model that the repository asks for.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Versions">The versions that should serve, ascending; empty when <paramref name="Problem"/> says why there are none.</param>
/// <param name="Problem">Why the model cannot serve: every mistake of its configuration file, one a line; null when it can.</param>
internal sealed record AspiredModel(string Name, ImmutableArray<AspiredVersion> Versions, string? Problem);
