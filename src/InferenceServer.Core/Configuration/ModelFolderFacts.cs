using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>What the repository scan found out about one model, as far as its configuration depends on it.</summary>
public sealed record ModelFolderFacts
{
    /// <summary>The name of the model: that of its folder, or of its bare file without the extension, behind its namespace where its repository is one.</summary>
    public required string ModelName { get; init; }

    /// <summary>The name of the folder, or of the bare file without the extension.</summary>
    public string FolderName
    {
        get => field ?? ModelName;
        init;
    }

    /// <summary>True when the name was given by whoever started the server: the configuration's is not asked then.</summary>
    public bool HasGivenName { get; init; }

    /// <summary>The versions found on disk, ascending.</summary>
    public ImmutableArray<long> Versions { get; init; } = [];

    /// <summary>The names of the files and folders that lie directly in each version's folder.</summary>
    public ImmutableDictionary<long, ImmutableHashSet<string>> VersionFiles { get; init; } =
        ImmutableDictionary<long, ImmutableHashSet<string>>.Empty;

    /// <summary>The name of the file when the model is one file in the repository itself; null for a folder.</summary>
    public string? BareFileName { get; init; }

    /// <summary>True when the model is one file in the repository itself.</summary>
    public bool IsBareFile => BareFileName is not null;

    /// <summary>True when some version's folder holds a file or folder of that name.</summary>
    public bool HasFile(string name) => VersionFiles.Values.Any(files => files.Contains(name));
}
