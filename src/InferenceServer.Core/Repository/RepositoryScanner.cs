using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Abstractions;
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

    private readonly IFileSystem _files;
    private readonly ImmutableArray<RepositoryFolder> _repositories;
    private readonly ImmutableArray<string> _bareExtensions;
    private readonly EntryGuard _guard;
    private readonly string? _namedConfig;

    /// <summary>The mirrors of remote repositories, whose folders are among the repositories.</summary>
    internal RepositoryMirrors? Mirrors { get; init; }

    /// <summary>Makes a scanner.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="repositories">The repository folders.</param>
    /// <param name="bareExtensions">The extensions, with their dots, of files that are whole models.</param>
    /// <param name="configName">Where a model has <c>configs/&lt;name&gt;.pbtxt</c>, that is its configuration file; empty for none of them.</param>
    /// <param name="allowsLinks">True when links in a repository may lead out of it, and files may be hard links.</param>
    /// <param name="roots">Folders that links may lead to as well.</param>
    /// <param name="namespaceOf">The namespace that a repository is, by its full path; null where names are one space over all repositories.</param>
    /// <param name="single">A model that is in no repository; null for none.</param>
    public RepositoryScanner(
        IFileSystem files,
        IEnumerable<string> repositories,
        IEnumerable<string> bareExtensions,
        string configName = "",
        bool allowsLinks = false,
        IEnumerable<string>? roots = null,
        Func<string, string>? namespaceOf = null,
        SingleModel? single = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        _files = files;
        _repositories = [.. repositories.Select(files.Path.GetFullPath).Distinct(StringComparer.Ordinal).Select(path => new RepositoryFolder(path, namespaceOf?.Invoke(path)))];
        if (single is not null)
        {
            _repositories = _repositories.Add(new RepositoryFolder(files.Path.GetFullPath(single.Folder), null) { OnlyModel = single.Name });
        }

        _bareExtensions = [.. bareExtensions];
        _guard = new EntryGuard(files, [.. _repositories.Select(static repository => repository.Path), .. roots ?? []], allowsLinks);
        _namedConfig = string.IsNullOrEmpty(configName) ? null : $"configs/{configName}.pbtxt";
        UsesNamespaces = namespaceOf is not null;
    }

    /// <summary>True when each repository is a namespace, so that models have qualified names.</summary>
    public bool UsesNamespaces { get; }

    /// <summary>The namespaces, in their order; empty when there are none.</summary>
    internal IEnumerable<string> Namespaces => _repositories.Select(static repository => repository.Namespace).OfType<string>().Order(StringComparer.Ordinal);

    /// <summary>Scans every repository once.</summary>
    /// <exception cref="IOException">A repository folder itself cannot be read.</exception>
    public RepositorySnapshot Scan() => Scan(unchanged: null);

    /// <summary>As <see cref="Scan()"/>, for whoever scans again and again: what has not changed is not read anew.</summary>
    /// <param name="unchanged">What the caller's earlier scans have read.</param>
    /// <exception cref="IOException">A repository folder itself cannot be read.</exception>
    internal RepositorySnapshot Scan(UnchangedModels? unchanged)
    {
        var models = new Dictionary<string, ModelFolder>(StringComparer.Ordinal);
        foreach (var (repository, name, path, isBareFile) in Entries())
        {
            Add(models, repository, name, path, isBareFile, unchanged);
        }

        unchanged?.EndScan();

        AddMirrorProblems(models, null);
        return new RepositorySnapshot([.. models.Values.OrderBy(static model => model.Name, StringComparer.Ordinal)]);
    }

    /// <summary>Reads one model; null when no repository has it.</summary>
    /// <param name="name">A name for which <see cref="ModelNamespaces.IsValid"/> holds. A qualified one is looked for in its repository alone.</param>
    public ModelFolder? Scan(string name)
    {
        var models = new Dictionary<string, ModelFolder>(StringComparer.Ordinal);
        foreach (var repository in _repositories)
        {
            if (repository.TryRead(name, out var own))
            {
                foreach (var (path, isBareFile) in Find(repository, own))
                {
                    Add(models, repository, own, path, isBareFile);
                }
            }
        }

        AddMirrorProblems(models, name);
        return models.GetValueOrDefault(name);
    }

    /// <summary>The names of all models of folders that are no mirrors, without reading any of them.</summary>
    /// <exception cref="IOException">A repository folder itself cannot be read.</exception>
    public IReadOnlySet<string> ListNames() =>
        Entries(withMirrors: false).Where(static entry => ModelNames.IsValid(entry.Name)).Select(static entry => entry.Repository.NameOf(entry.Name)).ToHashSet(StringComparer.Ordinal);

    /// <summary>As <see cref="ListNames"/>, with the models of remote repositories that there is a copy of.</summary>
    /// <exception cref="IOException">A repository folder itself cannot be read.</exception>
    internal IReadOnlySet<string> ListKnownNames()
    {
        var names = ListNames().ToHashSet(StringComparer.Ordinal);
        names.UnionWith((Mirrors?.Mirrors ?? []).SelectMany(mirror => mirror.Names.Select(name => NameIn(mirror.Folder, name))));
        return names;
    }

    /// <summary>The qualified names of all models of one plain name in folders that are no mirrors.</summary>
    /// <param name="plain">A name for which <see cref="ModelNames.IsValid"/> holds.</param>
    internal IEnumerable<string> FindNames(string plain) =>
        LocalRepositories.Where(repository => Find(repository, plain).Any()).Select(repository => repository.NameOf(plain));

    /// <summary>What a model of a repository is called everywhere else.</summary>
    /// <param name="repository">The repository's folder.</param>
    /// <param name="name">The name within it.</param>
    internal string NameIn(string repository, string name) => _repositories.FirstOrDefault(known => known.Path == repository)?.NameOf(name) ?? name;

    /// <summary>Takes a name apart that is one of a namespace; false for every other, and where there are no namespaces.</summary>
    internal bool TrySplit(string name, [NotNullWhen(true)] out string? space, out string plain)
    {
        space = null;
        plain = name;
        return UsesNamespaces && ModelNamespaces.TrySplit(name, out space, out plain);
    }

    /// <summary>Reads a folder outside of the repositories as a model.</summary>
    internal ModelFolder ReadOutside(string name, string path)
    {
        TrySplit(name, out _, out var plain);
        return MakeReader().ReadFolder(path) with { Name = name, FolderName = plain };
    }

    internal static bool IsVersionNumber(string name, out long number) =>
        long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0 && name[0] != '0';

    private IEnumerable<RepositoryFolder> LocalRepositories => _repositories.Where(repository => Mirrors?.FindByFolder(repository.Path) is null);

    /// <summary>What lies under one name in one repository: a folder, files that are whole models, or both.</summary>
    private IEnumerable<(string Path, bool IsBareFile)> Find(RepositoryFolder repository, string name)
    {
        if (repository.OnlyModel is not null)
        {
            if (repository.OnlyModel == name)
            {
                yield return SingleModelLayout.Find(_files, repository.Path, _bareExtensions);
            }

            yield break;
        }

        var folder = _files.Path.Combine(repository.Path, name);
        if (_files.Directory.Exists(folder))
        {
            yield return (folder, false);
        }

        foreach (var file in _bareExtensions.Select(extension => folder + extension).Where(_files.File.Exists))
        {
            yield return (file, true);
        }
    }

    private IEnumerable<(RepositoryFolder Repository, string Name, string Path, bool IsBareFile)> Entries(bool withMirrors = true)
    {
        foreach (var repository in withMirrors ? _repositories : LocalRepositories)
        {
            if (repository.OnlyModel is not null)
            {
                var (path, isBareFile) = SingleModelLayout.Find(_files, repository.Path, _bareExtensions);
                yield return (repository, repository.OnlyModel, path, isBareFile);
                continue;
            }

            foreach (var entry in _files.Directory.EnumerateFileSystemEntries(repository.Path))
            {
                var name = _files.Path.GetFileName(entry);
                if (_bareExtensions.Contains(_files.Path.GetExtension(name), StringComparer.Ordinal) && !_files.Directory.Exists(entry))
                {
                    yield return (repository, _files.Path.GetFileNameWithoutExtension(name), entry, true);
                }
                else if (_files.Directory.Exists(entry) || (!name.Contains('.', StringComparison.Ordinal) && _guard.IsLinkOut(entry)))
                {
                    // A link that must not be followed is told of alike whether there is something behind it or not.
                    yield return (repository, name, entry, false);
                }
            }
        }
    }

    private void Add(Dictionary<string, ModelFolder> models, RepositoryFolder repository, string name, string path, bool isBareFile, UnchangedModels? unchanged = null)
    {
        if (ModelNames.IsValid(name))
        {
            Put(models, unchanged?.Find(path) ?? Read(repository, name, path, isBareFile, unchanged));
        }
    }

    private ModelFolder Read(RepositoryFolder repository, string name, string path, bool isBareFile, UnchangedModels? unchanged)
    {
        var isOnly = repository.OnlyModel is not null;
        var reader = MakeReader(isOnly);
        var model = (repository.FindProblem(name) is { } problem ? Broken(path, problem) : Read(reader, path, isBareFile)) with { Name = repository.NameOf(name), FolderName = name, HasGivenName = isOnly };
        unchanged?.Remember(path, model, reader.Witnesses);
        return model;
    }

    private static ModelFolder Read(ModelFolderReader reader, string path, bool isBareFile)
    {
        try
        {
            return reader.Read(path, isBareFile);
        }
        catch (RefusedEntryException exception)
        {
            return Broken(path, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Broken(path, $"the model cannot be read: {Describe(exception)}");
        }
    }

    private ModelFolderReader MakeReader(bool takesPlainFolders = false) => new(_files, _guard, _namedConfig) { TakesPlainFolders = takesPlainFolders };

    private static ModelFolder Broken(string path, string problem) => new() { Name = "", Path = path, Problem = problem, Stamp = problem };

    private static void Put(Dictionary<string, ModelFolder> models, ModelFolder model)
    {
        if (!models.TryAdd(model.Name, model))
        {
            models[model.Name] = Broken(model.Path, "model appears in two or more repositories, or as a folder and as a file") with { Name = model.Name, FolderName = model.FolderName };
        }
    }

    /// <summary>A model that cannot be mirrored as it is now is one with a problem, whatever is still there of what it was.</summary>
    private void AddMirrorProblems(Dictionary<string, ModelFolder> models, string? only)
    {
        foreach (var mirror in Mirrors?.Mirrors ?? [])
        {
            foreach (var (plain, problem) in mirror.Problems)
            {
                var name = NameIn(mirror.Folder, plain);
                if (only is not null && name != only)
                {
                    continue;
                }

                if (models.TryGetValue(name, out var copy) && _files.Path.GetDirectoryName(copy.Path) == mirror.Folder)
                {
                    models.Remove(name);
                }

                Put(models, Broken(_files.Path.Combine(mirror.Folder, plain), problem) with { Name = name, FolderName = plain });
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
}
