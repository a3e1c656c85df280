using System.Collections.Immutable;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>A model that is asked for, by the repository or by a request.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Versions">The versions that should serve, ascending; empty when <paramref name="Problem"/> says why there are none.</param>
/// <param name="Problem">Why the model cannot serve: every mistake of its configuration file, one a line; null when it can.</param>
internal sealed record AspiredModel(string Name, ImmutableArray<AspiredVersion> Versions, string? Problem)
{
    /// <summary>Where the model is on disk; null when it is nowhere.</summary>
    public ModelFolder? Folder { get; init; }

    /// <summary>True when a request has given another configuration for the files of the repository.</summary>
    public bool HasConfigOverride { get; init; }

    /// <summary>True when there is a problem because no version is there, or none that the version policy would have.</summary>
    public bool LacksVersions { get; init; }

    /// <summary>True when both want the same versions from the same files under the same configuration.</summary>
    public bool WantsSameAs(AspiredModel other) =>
        Versions.Select(static version => (version.Number, version.Fingerprint)).SequenceEqual(other.Versions.Select(static version => (version.Number, version.Fingerprint)));
}
