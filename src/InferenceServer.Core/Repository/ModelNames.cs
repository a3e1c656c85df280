namespace InferenceServer.Core.Repository;

/// <summary>What may be the name of a model: the name of one folder, and nothing that leads elsewhere.</summary>
public static class ModelNames
{
    /// <summary>The most characters of a name.</summary>
    public const int MaxLength = 255;

    /// <summary>
    /// True for a name that a folder of a repository can have. Hidden folders are those of tools (.git, ..data of a mounted volume), never
    /// models.
    /// </summary>
    public static bool IsValid(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is > 0 and <= MaxLength && name[0] != '.' && !name.AsSpan().ContainsAny('/', '\\') && !name.AsSpan().ContainsAnyInRange('\0', '\x1F');
    }
}
