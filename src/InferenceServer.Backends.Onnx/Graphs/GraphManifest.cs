using System.Globalization;
using System.IO.Abstractions;

namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>
/// What an entry consists of: a text file that names the key and each file with its length and digest. It is written last, so that an entry without one is none.
/// </summary>
internal static class GraphManifest
{
    /// <summary>Its own name.</summary>
    public const string Name = "entry.txt";

    /// <summary>The graph.</summary>
    public const string ModelName = "model.onnx";

    /// <summary>The large weights, which the engine maps into memory rather than copies.</summary>
    public const string WeightsName = "weights.bin";

    private const long MaxLength = 4096;

    /// <summary>Writes it for the files that lie in a folder; returns how many bytes they take with it.</summary>
    /// <exception cref="IOException">The folder holds what the engine was not asked for, or cannot be read or written.</exception>
    public static long Write(IFileSystem files, string folder, string key)
    {
        var lines = new List<string> { $"key {key}" };
        var total = 0L;
        foreach (var file in files.DirectoryInfo.New(folder).GetFileSystemInfos().OrderBy(static file => file.Name, StringComparer.Ordinal))
        {
            if (file is not IFileInfo { LinkTarget: null } plain || file.Name is not (ModelName or WeightsName))
            {
                throw new IOException($"'{file.Name}' was not expected there");
            }

            lines.Add(Describe(files, plain.FullName, plain.Length, CancellationToken.None));
            total += plain.Length;
        }

        var text = string.Join('\n', lines) + "\n";
        files.File.WriteAllText(Path.Combine(folder, Name), text);
        return total + text.Length;
    }

    /// <summary>What is wrong with an entry; null when it is what was written under its key.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string? FindFault(IFileSystem files, string folder, string key, CancellationToken cancellation)
    {
        var manifest = files.FileInfo.New(Path.Combine(folder, Name));
        if (!manifest.Exists || manifest.LinkTarget is not null || manifest.Length > MaxLength)
        {
            return $"its {Name} is missing or none";
        }

        var lines = files.File.ReadAllText(manifest.FullName).Split('\n');
        if (lines is not [var first, .. var described, ""] || first != $"key {key}")
        {
            return "it was written for something else";
        }

        var names = new List<string>();
        foreach (var line in described)
        {
            var name = line.Split(' ')[0];
            names.Add(name);
            var file = files.FileInfo.New(Path.Combine(folder, name is ModelName or WeightsName ? name : Name));
            if (!file.Exists || file.LinkTarget is not null || line != Describe(files, file.FullName, file.Length, cancellation))
            {
                return $"its {file.Name} is not what was written";
            }
        }

        return !names.Contains(ModelName) ? $"it has no {ModelName}"
            : files.DirectoryInfo.New(folder).GetFileSystemInfos().Length != names.Count + 1 ? "it has files that were not written with it"
            : null;
    }

    private static string Describe(IFileSystem files, string path, long length, CancellationToken cancellation) =>
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)} {length} {FileDigest.OfEntry(files, path, cancellation)}");
}
