using System.Collections.Immutable;

namespace InferenceServer.Core.Repository;

/// <summary>One model on disk: a folder with versions, or a single file that is a whole model.</summary>
public sealed record ModelFolder
{
    /// <summary>The model's name: that of the folder, or of the file without its extension, behind its namespace where each repository is one.</summary>
    public required string Name { get; init; }

    /// <summary>The name within its repository; the same where repositories are no namespaces.</summary>
    public string FolderName
    {
        get => field ?? Name;
        init;
    }

    /// <summary>The folder or the file, absolute.</summary>
    public required string Path { get; init; }

    /// <summary>True when <see cref="Path"/> is the model's file itself, which then is version 1.</summary>
    public bool IsBareFile { get; init; }

    /// <summary>True when the name was given by whoever started the server, so that neither the folder nor a configuration has a say in it.</summary>
    public bool HasGivenName { get; init; }

    /// <summary>The configuration file's name; null when there is none.</summary>
    public string? ConfigFileName { get; init; }

    /// <summary>What the configuration file holds; empty when there is none.</summary>
    public ReadOnlyMemory<byte> ConfigContent { get; init; }

    /// <summary>The versions, ascending.</summary>
    public ImmutableArray<VersionFolder> Versions { get; init; } = [];

    /// <summary>What is in the folder and looks like a version without being one, such as <c>01</c>: worth a warning.</summary>
    public ImmutableArray<string> OddEntries { get; init; } = [];

    /// <summary>Why the folder cannot be read as a model at all; null when it can.</summary>
    public string? Problem { get; init; }

    /// <summary>Changes whenever anything does that is read of the folder: two scans that find the same stamp have found the same model.</summary>
    public string Stamp { get; init; } = "";

    /// <summary>When something in the folder was last written to, as the file system has it; the oldest time when that is not known.</summary>
    public DateTime LastWriteUtc { get; init; }

    /// <summary>
    /// The files that versions may share, such as labels and data for warm-up, by their paths in the folder, each with what changes whenever
    /// the file does. The configuration file is not among them.
    /// </summary>
    public ImmutableSortedDictionary<string, string> SharedFiles { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}
