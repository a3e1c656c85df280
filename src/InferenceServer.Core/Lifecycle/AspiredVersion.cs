using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Ensembles;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Lifecycle;

/// <summary>A version that should serve.</summary>
/// <param name="Number">The version's number.</param>
/// <param name="Fingerprint">Changes whenever a file of the model does: another fingerprint under the same number is another incarnation.</param>
/// <param name="Folder">Where it is on disk.</param>
/// <param name="Files">The version's own folder.</param>
/// <param name="Config">What its configuration file declares.</param>
internal sealed record AspiredVersion(long Number, string Fingerprint, ModelFolder Folder, VersionFolder Files, DeclaredModelConfig Config)
{
    /// <summary>The counters of the same version from when it was in memory before, which go on; null for new ones.</summary>
    public ModelStatistics? Statistics { get; init; }

    /// <summary>For an ensemble that is loaded: the model of each step as it was when the load began, in the order of the file; empty for every other model.</summary>
    public ImmutableArray<MemberVersion> Members { get; init; } = [];

    /// <summary>The part of <see cref="Fingerprint"/> that the configuration file has no share in: where it changes, the version is loaded anew in any case.</summary>
    public required string FilesFingerprint { get; init; }
}
