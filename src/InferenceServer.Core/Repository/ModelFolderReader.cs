using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;

namespace InferenceServer.Core.Repository;

/// <summary>One reading of one model: its names, sizes, times and configuration file. Notes on the way what it has looked at, by which a later scan knows that nothing has changed.</summary>
/// <param name="files">The file system.</param>
/// <param name="guard">Decides what may be read.</param>
/// <param name="namedConfig">The configuration file, below the model's folder, that goes before the ordinary ones; null for none.</param>
internal sealed class ModelFolderReader(IFileSystem files, EntryGuard guard, string? namedConfig)
{
    /// <summary>The ordinary configuration files.</summary>
    public static ImmutableArray<string> ConfigFileNames { get; } = ["config.pbtxt", "config.json"];

    /// <summary>The folders beside the versions whose files a model uses.</summary>
    private static readonly string[] s_sharedFolders = ["warmup", "initial_state"];

    /// <summary>True when a folder without version folders is itself the folder of version 1.</summary>
    public bool TakesPlainFolders { get; init; }

    private readonly List<EntryWitness> _witnesses = [];
    private bool _isPartial;
    private DateTime _newest = DateTime.MinValue;

    /// <summary>
    /// What has been looked at, each as it was before it was read; null when that does not say all: what a link leads to may change without any of it.
    /// </summary>
    public ImmutableArray<EntryWitness>? Witnesses => _isPartial ? null : [.. _witnesses];

    /// <summary>Reads a model's folder, or the file that is the whole of it.</summary>
    /// <exception cref="RefusedEntryException">Something in it must not be read.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public ModelFolder Read(string path, bool isBareFile)
    {
        Witness(path);
        Admit(path, path);
        var model = isBareFile ? ReadBareFile(path) : ReadFolder(path);
        return model with { Stamp = StampOf(model) };
    }

    private ModelFolder ReadBareFile(string file)
    {
        var bytes = 0L;
        var stamp = Stamp(file, ref bytes);
        return new ModelFolder
        {
            Name = files.Path.GetFileNameWithoutExtension(file),
            Path = file,
            IsBareFile = true,
            Versions = [new VersionFolder(1, files.Path.GetDirectoryName(file)!, [files.Path.GetFileName(file)]) { Fingerprint = stamp, Bytes = bytes }],
            LastWriteUtc = _newest,
        };
    }

    /// <summary>As <see cref="Read"/>, without a stamp, for a folder that is looked at once.</summary>
    public ModelFolder ReadFolder(string folder)
    {
        // A folder has been written to when something came or went in it.
        Note(files.Directory.GetLastWriteTimeUtc(folder));
        var versions = new List<VersionFolder>();
        var odd = new List<string>();
        foreach (var child in files.Directory.EnumerateFileSystemEntries(folder))
        {
            Witness(child);
            var name = files.Path.GetFileName(child);
            if (RepositoryScanner.IsVersionNumber(name, out var number))
            {
                Admit(child, folder);
                if (files.Directory.Exists(child))
                {
                    var real = RealFolder(child);
                    versions.Add(ReadVersion(real, number, real == child ? folder : files.Path.GetDirectoryName(real)!));
                }
            }
            else if (name.All(char.IsAsciiDigit) && files.Directory.Exists(child))
            {
                odd.Add(name);
            }
        }

        if (versions.Count == 0 && TakesPlainFolders)
        {
            versions.Add(ReadVersion(folder, 1, folder));
        }

        string[] configs = namedConfig is not null && files.File.Exists(files.Path.Combine(folder, namedConfig))
            ? [namedConfig]
            : [.. ConfigFileNames.Where(name => files.File.Exists(files.Path.Combine(folder, name)))];
        var shared = ReadShared(folder);
        var model = new ModelFolder
        {
            Name = files.Path.GetFileName(folder),
            Path = folder,
            Versions = [.. versions.OrderBy(static version => version.Number)],
            OddEntries = [.. odd.Order(StringComparer.Ordinal)],
            SharedFiles = shared,
            LastWriteUtc = _newest,
        };
        if (configs.Length > 1)
        {
            return model with { Problem = $"the folder holds {string.Join(" and ", configs)}; keep one of them" };
        }

        if (configs.Length == 1)
        {
            Witness(files.Path.Combine(folder, configs[0]));
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
                LastWriteUtc = file.LastWriteTimeUtc > _newest ? file.LastWriteTimeUtc : _newest,
            };
        }

        return model;
    }

    private ImmutableSortedDictionary<string, string> ReadShared(string folder)
    {
        var shared = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var file in files.Directory.EnumerateFiles(folder))
        {
            var name = files.Path.GetFileName(file);
            if (!ConfigFileNames.Contains(name, StringComparer.Ordinal))
            {
                Admit(file, folder);
                shared.Add(name, Stamp(file));
            }
        }

        foreach (var below in s_sharedFolders)
        {
            var path = files.Path.Combine(folder, below);
            Admit(path, folder);
            foreach (var file in files.Directory.Exists(path) ? files.Directory.EnumerateFiles(path) : [])
            {
                Witness(file);
                Admit(file, folder);
                shared.Add($"{below}/{files.Path.GetFileName(file)}", Stamp(file));
            }
        }

        return shared.ToImmutable();
    }

    private VersionFolder ReadVersion(string folder, long number, string model)
    {
        var stamps = new List<string>();
        var bytes = 0L;
        ReadFiles(folder, model, 1, stamps, ref bytes);

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

    private void ReadFiles(string folder, string model, int depth, List<string> stamps, ref long bytes)
    {
        Note(files.Directory.GetLastWriteTimeUtc(folder));
        foreach (var entry in files.Directory.EnumerateFileSystemEntries(folder))
        {
            Witness(entry);
            Admit(entry, model);
            if (!files.Directory.Exists(entry))
            {
                stamps.Add(Stamp(entry, ref bytes));
            }
            else if (depth == RepositoryScanner.MaxDepth)
            {
                throw new RefusedEntryException($"'{NameIn(model, entry)}' lies deeper than {RepositoryScanner.MaxDepth} folders");
            }
            else
            {
                ReadFiles(entry, model, depth + 1, stamps, ref bytes);
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

    private void Witness(string path)
    {
        if (EntryInspector.Examine(path) is { } stamp)
        {
            _isPartial |= stamp.Kind == EntryKind.Link;
            _witnesses.Add(new EntryWitness(path, stamp));
        }
        else
        {
            // It has gone, or this system does not tell.
            _isPartial = true;
        }
    }

    private void Note(DateTime written) => _newest = written > _newest ? written : _newest;

    private string NameIn(string model, string path) => path == model ? files.Path.GetFileName(path) : path[(model.Length + 1)..];

    private static string StampOf(ModelFolder model) => string.Join('\n', [
        model.Path,
        model.Problem,
        model.ConfigFileName,
        ContentStamp.Of(model.ConfigContent.Span),
        .. model.Versions.Select(static version => $"{version.Number}|{version.Fingerprint}"),
        .. model.SharedFiles.Values,
    ]);

    private string Stamp(string path)
    {
        var bytes = 0L;
        return Stamp(path, ref bytes);
    }

    private string Stamp(string path, ref long bytes)
    {
        var file = files.FileInfo.New(path);
        var target = Target(file);
        Note(target.LastWriteTimeUtc);
        bytes += target.Length;
        return string.Create(CultureInfo.InvariantCulture, $"{file.FullName}|{target.FullName}|{target.Length}|{target.LastWriteTimeUtc.Ticks}");
    }
}
