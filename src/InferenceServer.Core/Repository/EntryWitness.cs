namespace InferenceServer.Core.Repository;

/// <summary>An entry as it was when it was looked at.</summary>
/// <param name="Path">Its path, absolute.</param>
/// <param name="Stamp">What the file system said of it.</param>
internal readonly record struct EntryWitness(string Path, EntryStamp Stamp)
{
    /// <summary>True when the file system says the same of it now.</summary>
    public bool Holds() => EntryInspector.Examine(Path) == Stamp;
}
