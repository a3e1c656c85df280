using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;
using System.Security.Cryptography;

namespace InferenceServer.Core.Repository;

/// <summary>Reads one model: names, sizes, times and its configuration file, never its weights.</summary>
/// <param name="files">The file system.</param>
/// <param name="guard">Decides which entries are read at all.</param>
/// <param name="namedConfig">The path in the model's folder of the configuration file that goes before the ordinary ones; null for none.</param>
internal sealed class ModelFolderReader(IFileSystem files, EntryGuard guard, string? namedConfig)
{
    private static readonly string[] s_configFileNames = ["config.pbtxt", "config.json"];

    /// <summary>The folders beside the versions whose files a model uses.</summary>
    private static readonly string[] s_sharedFolders = ["warmup", "initial_state"];

    /// <summary>Reads a model of a repository, with its stamp.</summary>
    /// <param name="path">The folder, or the file that is a whole model.</param>
    /// <param name="isBareFile">True for such a file.</param>
    /// <exception cref="RefusedEntryException">Something in it must not be read.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public ModelFolder Read(string path, bool isBareFile)
    {
        Admit(path, path);
        var model = isBareFile ? ReadBareFile(path) : ReadFolder(path);
        return model with { Stamp = StampOf(model) };
    }

    private ModelFolder ReadBareFile(string file)
    {
        var newest = DateTime.MinValue;
        var bytes = 0L;
        var stamp = Stamp(file, ref newest, ref bytes);
        return new ModelFolder
        {
            Name = files.Path.GetFileNameWithoutExtension(file),
            Path = file,
            IsBareFile = true,
            Versions = [new VersionFolder(1, files.Path.GetDirectoryName(file)!, [files.Path.GetFileName(file)]) { Fingerprint = stamp, Bytes = bytes }],
            LastWriteUtc = newest,
        };
    }

    /// <summary>Reads a folder as a model, wherever it lies.</summary>
    /// <exception cref="RefusedEntryException">Something in it must not be read.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public ModelFolder ReadFolder(string folder)
    {
        // A folder has been written to when something came or went in it.
        var newest = files.Directory.GetLastWriteTimeUtc(folder);
        var versions = new List<VersionFolder>();
        var odd = new List<string>();
        foreach (var child in files.Directory.EnumerateFileSystemEntries(folder))
        {
            var name = files.Path.GetFileName(child);
            if (RepositoryScanner.IsVersionNumber(name, out var number))
            {
                Admit(child, folder);
                if (files.Directory.Exists(child))
                {
                    var real = RealFolder(child);
                    versions.Add(ReadVersion(real, number, real == child ? folder : files.Path.GetDirectoryName(real)!, ref newest));
                }
            }
            else if (name.All(char.IsAsciiDigit) && files.Directory.Exists(child))
            {
                odd.Add(name);
            }
        }

        string[] configs = namedConfig is not null && files.File.Exists(files.Path.Combine(folder, namedConfig))
            ? [namedConfig]
            : [.. s_configFileNames.Where(name => files.File.Exists(files.Path.Combine(folder, name)))];
        var shared = ReadShared(folder, ref newest);
        var model = new ModelFolder
        {
            Name = files.Path.GetFileName(folder),
            Path = folder,
            Versions = [.. versions.OrderBy(static version => version.Number)],
            OddEntries = [.. odd.Order(StringComparer.Ordinal)],
            SharedFiles = shared,
            LastWriteUtc = newest,
        };
        if (configs.Length > 1)
        {
            return model with { Problem = $"the folder holds {string.Join(" and ", configs)}; keep one of them" };
        }

        if (configs.Length == 1)
        {
            Admit(files.Path.Combine(folder, configs[0]), folder);
            var file = Target(files.FileInfo.New(files.Path.Combine(folder, configs[0])));
            if (file.Length > RepositoryScanner.MaxConfigBytes)
            {
                return model with { Problem = $"{configs[0]} has {file.Length} bytes, expected at most {RepositoryScanner.MaxConfigBytes}" };
            }

            model = model with
            {
                ConfigFileName = configs[0],
                ConfigContent = files.File.ReadAllBytes(file.FullName),
                LastWriteUtc = file.LastWriteTimeUtc > newest ? file.LastWriteTimeUtc : newest,
            };
        }

        return model;
    }

    private ImmutableSortedDictionary<string, string> ReadShared(string folder, ref DateTime newest)
    {
        var shared = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var file in files.Directory.EnumerateFiles(folder))
        {
            var name = files.Path.GetFileName(file);
            if (!s_configFileNames.Contains(name, StringComparer.Ordinal))
            {
                Admit(file, folder);
                shared.Add(name, Stamp(file, ref newest));
            }
        }

        foreach (var below in s_sharedFolders)
        {
            var path = files.Path.Combine(folder, below);
            Admit(path, folder);
            foreach (var file in files.Directory.Exists(path) ? files.Directory.EnumerateFiles(path) : [])
            {
                Admit(file, folder);
                shared.Add($"{below}/{files.Path.GetFileName(file)}", Stamp(file, ref newest));
            }
        }

        return shared.ToImmutable();
    }

    private VersionFolder ReadVersion(string folder, long number, string model, ref DateTime newest)
    {
        var stamps = new List<string>();
        var bytes = 0L;
        ReadFiles(folder, model, 1, stamps, ref newest, ref bytes);

        var entries = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var entry in files.Directory.EnumerateFileSystemEntries(folder))
        {
            entries.Add(files.Path.GetFileName(entry));
        }

        return new VersionFolder(number, folder, entries.ToImmutable())
        {
            Bytes = bytes,
            Fingerprint = string.Join('\n', stamps.Order(StringComparer.Ordinal)),
        };
    }

    /// <summary>The file that a link leads to, which is what changes when a mounted volume is updated.</summary>
    private static IFileInfo Target(IFileInfo file) => file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is IFileInfo target ? target : file;

    /// <summary>
    /// The folder that a link of the same name leads to, as in a mirror, where that folder never changes: whoever has found a version there reads that one to the end, wherever the link leads by then.
    /// </summary>
    private string RealFolder(string folder) =>
        files.DirectoryInfo.New(folder).LinkTarget is not null && EntryGuard.Resolve(files, folder) is { } target && files.Path.GetFileName(target) == files.Path.GetFileName(folder) ? target : folder;

    private void ReadFiles(string folder, string model, int depth, List<string> stamps, ref DateTime newest, ref long bytes)
    {
        var written = files.Directory.GetLastWriteTimeUtc(folder);
        newest = written > newest ? written : newest;
        foreach (var entry in files.Directory.EnumerateFileSystemEntries(folder))
        {
            Admit(entry, model);
            if (!files.Directory.Exists(entry))
            {
                stamps.Add(Stamp(entry, ref newest, ref bytes));
            }
            else if (depth == RepositoryScanner.MaxDepth)
            {
                throw new RefusedEntryException($"'{NameIn(model, entry)}' lies deeper than {RepositoryScanner.MaxDepth} folders");
            }
            else
            {
                ReadFiles(entry, model, depth + 1, stamps, ref newest, ref bytes);
            }

            if (stamps.Count > RepositoryScanner.MaxEntries)
            {
                throw new RefusedEntryException($"'{NameIn(model, folder)}' holds more than {RepositoryScanner.MaxEntries} files");
            }
        }
    }

    /// <summary>Sees that an entry may be read.</summary>
    /// <exception cref="RefusedEntryException">It must not.</exception>
    private void Admit(string path, string model)
    {
        if (guard.FindProblem(path) is { } problem)
        {
            throw new RefusedEntryException($"'{NameIn(model, path)}' {problem}");
        }
    }

    private string NameIn(string model, string path) => path == model ? files.Path.GetFileName(path) : path[(model.Length + 1)..];

    private static string StampOf(ModelFolder model) => string.Join('\n', [
        model.Path,
        model.Problem,
        model.ConfigFileName,
        Convert.ToHexString(SHA256.HashData(model.ConfigContent.Span)),
        .. model.Versions.Select(static version => $"{version.Number}|{version.Fingerprint}"),
        .. model.SharedFiles.Values,
    ]);

    private string Stamp(string path, ref DateTime newest)
    {
        var bytes = 0L;
        return Stamp(path, ref newest, ref bytes);
    }

    private string Stamp(string path, ref DateTime newest, ref long bytes)
    {
        var file = files.FileInfo.New(path);
        var target = Target(file);
        newest = target.LastWriteTimeUtc > newest ? target.LastWriteTimeUtc : newest;
        bytes += target.Length;
        return string.Create(CultureInfo.InvariantCulture, $"{file.FullName}|{target.FullName}|{target.Length}|{target.LastWriteTimeUtc.Ticks}");
    }
}
