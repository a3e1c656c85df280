using System.Collections.Immutable;

namespace InferenceServer.Core.Repository;

/// <summary>One version on disk.</summary>
/// <param name="Number">The version's number, from the folder's name.</param>
/// <param name="Path">The folder, absolute.</param>
/// <param name="Entries">The names of the files and folders in it.</param>
public sealed record VersionFolder(long Number, string Path, ImmutableHashSet<string> Entries)
{
    /// <summary>What its files hold together. Bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>Changes whenever a file of the version does.</summary>
    public string Fingerprint { get; init; } = "";
}
