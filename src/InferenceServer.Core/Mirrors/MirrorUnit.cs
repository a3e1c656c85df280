using System.Collections.Immutable;

namespace InferenceServer.Core.Mirrors;

/// <summary>
/// A part of a model that is stored as one folder, written once and never changed: a version, a single file, or all that lies beside the versions together with links to them.
/// </summary>
/// <param name="Id">Tells its content: the same for the same objects.</param>
/// <param name="Entry">The name of the only file or folder in it.</param>
/// <param name="Files">The objects by their paths in the unit.</param>
/// <param name="Links">The other units that it links to, by the paths of the links.</param>
internal sealed record MirrorUnit(string Id, string Entry, ImmutableSortedDictionary<string, RemoteObject> Files, ImmutableSortedDictionary<string, MirrorUnit> Links)
{
    /// <summary>Bytes.</summary>
    public long Size => Files.Values.Sum(static one => one.Size);
}
