using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;
using System.Security.Cryptography;
using InferenceServer.Core.Mirrors;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Reads what is on disk: <c>&lt;repository&gt;/&lt;model&gt;/&lt;version&gt;/&lt;file&gt;</c>, and single files that are whole models. It reads
/// names, sizes, times and configuration files, never a model's weights. What cannot be read becomes a model with a problem.
/// </summary>
public sealed class RepositoryScanner
{
    /// <summary>The most files and folders in a version.</summary>
    public const int MaxEntries = 10_000;

    /// <summary>How deep the folders of a version may lie in each other.</summary>
    public const int MaxDepth = 16;

    /// <summary>The largest configuration file that is read. Bytes.</summary>
    public const int MaxConfigBytes = 1 << 20;

    private static readonly string[] s_configFileNames = ["config.pbtxt", "config.json"];

    private readonly IFileSystem _files;
    private readonly ImmutableArray<string> _repositories;
    private readonly ImmutableArray<string> _bareExtensions;
    private readonly string? _namedConfig;
    private readonly EntryGuard _guard;

    /// <summary>The folders beside the versions whose files a model uses.</summary>
    private static readonly string[] s_sharedFolders = ["warmup", "initial_state"];

    /// <summary>The mirrors of remote repositories, whose folders are among the repositories.</summary>
    internal RepositoryMirrors? Mirrors { get; init; }

    /// <summary>Makes a scanner.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="repositories">The repository folders.</param>
    /// <param name="bareExtensions">The extensions, with their dots, of files that are whole models.</param>
    /// <param name="configName">Where a model has <c>configs/&lt;name&gt;.pbtxt</c>, that is its configuration file; empty for none of them.</param>
    /// <param name="allowsLinks">True when links in a repository may lead out of it, and files may be hard links.</param>
    /// <param name="roots">Folders that links may lead to as well.</param>
    public RepositoryScanner(IFileSystem files, IEnumerable<string> repositories, IEnumerable<string> bareExtensions, string configName = "", bool allowsLinks = false, IEnumerable<string>? roots = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        _files = files;
        _repositories = [.. repositories.Select(files.Path.GetFullPath).Distinct(StringComparer.Ordinal)];
        _bareExtensions = [.. bareExtensions];
        _guard = new EntryGuard(files, [.. _repositories, .. roots ?? []], allowsLinks);
        _namedConfig = string.IsNullOrEmpty(configName) ? null : $"configs/{configName}.pbtxt";
    }

    /// <summary>Scans every repository once.</summary>
    /// <exception cref="IOException">A repository folder itself cannot be read.</exception>
    public RepositorySnapshot Scan()
    {
        var models = new Dictionary<string, ModelFolder>(StringComparer.Ordinal);
        foreach (var (name, path, isBareFile) in Entries())
        {
            Add(models, name, path, isBareFile);
        }

        AddMirrorProblems(models, null);
        return new RepositorySnapshot([.. models.Values.OrderBy(static model => model.Name, StringComparer.Ordinal)]);
    }

    /// <summary>Reads one model; null when no repository has it.</summary>
    /// <param name="name">A name for which <see cref="ModelNames.IsValid"/> holds.</param>
    public ModelFolder? Scan(string name)
    {
        var models = new Dictionary<string, ModelFolder>(StringComparer.Ordinal);
        foreach (var repository in _repositories)
        {
            var folder = _files.Path.Combine(repository, name);
            if (_files.Directory.Exists(folder))
            {
                Add(models, name, folder, isBareFile: false);
            }

            foreach (var file in _bareExtensions.Select(extension => folder + extension).Where(_files.File.Exists))
            {
                Add(models, name, file, isBareFile: true);
            }
        }

        AddMirrorProblems(models, name);
        return models.GetValueOrDefault(name);
    }

    /// <summary>The names of all models of folders that are no mirrors, without reading any of them.</summary>
    /// <exception cref="IOException">A repository folder itself cannot be read.</exception>
    public IReadOnlySet<string> ListNames() => Entries(withMirrors: false).Select(static entry => entry.Name).Where(ModelNames.IsValid).ToHashSet(StringComparer.Ordinal);

    /// <summary>Reads a folder outside of the repositories as a model.</summary>
    internal ModelFolder ReadOutside(string name, string path) => ReadFolder(path) with { Name = name };

    private IEnumerable<(string Name, string Path, bool IsBareFile)> Entries(bool withMirrors = true)
    {
        foreach (var repository in _repositories.Where(repository => withMirrors || Mirrors?.FindByFolder(repository) is null))
        {
            foreach (var entry in _files.Directory.EnumerateFileSystemEntries(repository))
            {
                var name = _files.Path.GetFileName(entry);
                if (_bareExtensions.Contains(_files.Path.GetExtension(name), StringComparer.Ordinal) && !_files.Directory.Exists(entry))
                {
                    yield return (_files.Path.GetFileNameWithoutExtension(name), entry, true);
                }
                else if (_files.Directory.Exists(entry) || (!name.Contains('.', StringComparison.Ordinal) && _guard.IsLinkOut(entry)))
                {
                    // A link that must not be followed is told of alike whether there is something behind it or not.
                    yield return (name, entry, false);
                }
            }
        }
    }

    private void Add(Dictionary<string, ModelFolder> models, string name, string path, bool isBareFile)
    {
        if (!ModelNames.IsValid(name))
        {
            return;
        }

        ModelFolder model;
        try
        {
            Admit(path, path);
            model = isBareFile ? ReadBareFile(path) : ReadFolder(path);
            model = model with { Stamp = StampOf(model) };
        }
        catch (RefusedEntryException exception)
        {
            model = new ModelFolder { Name = name, Path = path, Problem = exception.Message, Stamp = exception.Message };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var problem = $"the model cannot be read: {Describe(exception)}";
            model = new ModelFolder { Name = name, Path = path, Problem = problem, Stamp = problem };
        }

        Put(models, model);
    }

    private static void Put(Dictionary<string, ModelFolder> models, ModelFolder model)
    {
        if (!models.TryAdd(model.Name, model))
        {
            const string Problem = "model appears in two or more repositories, or as a folder and as a file";
            models[model.Name] = new ModelFolder { Name = model.Name, Path = model.Path, Problem = Problem, Stamp = Problem };
        }
    }

    /// <summary>A model that cannot be mirrored as it is now is one with a problem, whatever is still there of what it was.</summary>
    private void AddMirrorProblems(Dictionary<string, ModelFolder> models, string? only)
    {
        foreach (var mirror in Mirrors?.Mirrors ?? [])
        {
            foreach (var (name, problem) in mirror.Problems.Where(one => only is null || one.Key == only))
            {
                if (models.TryGetValue(name, out var copy) && _files.Path.GetDirectoryName(copy.Path) == mirror.Folder)
                {
                    models.Remove(name);
                }

                Put(models, new ModelFolder { Name = name, Path = _files.Path.Combine(mirror.Folder, name), Problem = problem, Stamp = problem });
            }
        }
    }

    /// <summary>Says what is wrong without the path, which a client may come to read.</summary>
    private static string Describe(Exception exception) => exception switch
    {
        UnauthorizedAccessException => "permission denied",
        FileNotFoundException or DirectoryNotFoundException => "it disappeared while it was read",
        _ => "input/output error",
    };

    internal static bool IsVersionNumber(string name, out long number) =>
        long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0 && name[0] != '0';

    private ModelFolder ReadBareFile(string file)
    {
        var newest = DateTime.MinValue;
        var bytes = 0L;
        var stamp = Stamp(file, ref newest, ref bytes);
        return new ModelFolder
        {
            Name = _files.Path.GetFileNameWithoutExtension(file),
            Path = file,
            IsBareFile = true,
            Versions = [new VersionFolder(1, _files.Path.GetDirectoryName(file)!, [_files.Path.GetFileName(file)]) { Fingerprint = stamp, Bytes = bytes }],
            LastWriteUtc = newest,
        };
    }

    private ModelFolder ReadFolder(string folder)
    {
        // A folder has been written to when something came or went in it.
        var newest = _files.Directory.GetLastWriteTimeUtc(folder);
        var versions = new List<VersionFolder>();
        var odd = new List<string>();
        foreach (var child in _files.Directory.EnumerateFileSystemEntries(folder))
        {
            var name = _files.Path.GetFileName(child);
            if (IsVersionNumber(name, out var number))
            {
                Admit(child, folder);
                if (_files.Directory.Exists(child))
                {
                    var real = RealFolder(child);
                    versions.Add(ReadVersion(real, number, real == child ? folder : _files.Path.GetDirectoryName(real)!, ref newest));
                }
            }
            else if (name.All(char.IsAsciiDigit) && _files.Directory.Exists(child))
            {
                odd.Add(name);
            }
        }

        string[] configs = _namedConfig is not null && _files.File.Exists(_files.Path.Combine(folder, _namedConfig))
            ? [_namedConfig]
            : [.. s_configFileNames.Where(name => _files.File.Exists(_files.Path.Combine(folder, name)))];
        var shared = ReadShared(folder, ref newest);
        var model = new ModelFolder
        {
            Name = _files.Path.GetFileName(folder),
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
            Admit(_files.Path.Combine(folder, configs[0]), folder);
            var file = Target(_files.FileInfo.New(_files.Path.Combine(folder, configs[0])));
            if (file.Length > MaxConfigBytes)
            {
                return model with { Problem = $"{configs[0]} has {file.Length} bytes, expected at most {MaxConfigBytes}" };
            }

            model = model with
            {
                ConfigFileName = configs[0],
                ConfigContent = _files.File.ReadAllBytes(file.FullName),
                LastWriteUtc = file.LastWriteTimeUtc > newest ? file.LastWriteTimeUtc : newest,
            };
        }

        return model;
    }

    private ImmutableSortedDictionary<string, string> ReadShared(string folder, ref DateTime newest)
    {
        var shared = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var file in _files.Directory.EnumerateFiles(folder))
        {
            var name = _files.Path.GetFileName(file);
            if (!s_configFileNames.Contains(name, StringComparer.Ordinal))
            {
                Admit(file, folder);
                shared.Add(name, Stamp(file, ref newest));
            }
        }

        foreach (var below in s_sharedFolders)
        {
            var path = _files.Path.Combine(folder, below);
            Admit(path, folder);
            foreach (var file in _files.Directory.Exists(path) ? _files.Directory.EnumerateFiles(path) : [])
            {
                Admit(file, folder);
                shared.Add($"{below}/{_files.Path.GetFileName(file)}", Stamp(file, ref newest));
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
        foreach (var entry in _files.Directory.EnumerateFileSystemEntries(folder))
        {
            entries.Add(_files.Path.GetFileName(entry));
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
        _files.DirectoryInfo.New(folder).LinkTarget is not null && EntryGuard.Resolve(_files, folder) is { } target && _files.Path.GetFileName(target) == _files.Path.GetFileName(folder) ? target : folder;

    private void ReadFiles(string folder, string model, int depth, List<string> stamps, ref DateTime newest, ref long bytes)
    {
        var written = _files.Directory.GetLastWriteTimeUtc(folder);
        newest = written > newest ? written : newest;
        foreach (var entry in _files.Directory.EnumerateFileSystemEntries(folder))
        {
            Admit(entry, model);
            if (!_files.Directory.Exists(entry))
            {
                stamps.Add(Stamp(entry, ref newest, ref bytes));
            }
            else if (depth == MaxDepth)
            {
                throw new RefusedEntryException($"'{NameIn(model, entry)}' lies deeper than {MaxDepth} folders");
            }
            else
            {
                ReadFiles(entry, model, depth + 1, stamps, ref newest, ref bytes);
            }

            if (stamps.Count > MaxEntries)
            {
                throw new RefusedEntryException($"'{NameIn(model, folder)}' holds more than {MaxEntries} files");
            }
        }
    }

    /// <summary>Sees that an entry may be read.</summary>
    /// <exception cref="RefusedEntryException">It must not.</exception>
    private void Admit(string path, string model)
    {
        if (_guard.FindProblem(path) is { } problem)
        {
            throw new RefusedEntryException($"'{NameIn(model, path)}' {problem}");
        }
    }

    private string NameIn(string model, string path) => path == model ? _files.Path.GetFileName(path) : path[(model.Length + 1)..];

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
        var file = _files.FileInfo.New(path);
        var target = Target(file);
        newest = target.LastWriteTimeUtc > newest ? target.LastWriteTimeUtc : newest;
        bytes += target.Length;
        return string.Create(CultureInfo.InvariantCulture, $"{file.FullName}|{target.FullName}|{target.Length}|{target.LastWriteTimeUtc.Ticks}");
    }
}
