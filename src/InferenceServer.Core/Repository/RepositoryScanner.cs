using System.Collections.Immutable;
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
    private readonly ImmutableArray<string> _repositories;
    private readonly ImmutableArray<string> _bareExtensions;
    private readonly string? _namedConfig;
    private readonly EntryGuard _guard;

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
    public RepositorySnapshot Scan() => Scan(unchanged: null);

    /// <summary>As <see cref="Scan()"/>, for whoever scans again and again: what has not changed is not read anew.</summary>
    /// <param name="unchanged">What the caller's earlier scans have read.</param>
    /// <exception cref="IOException">A repository folder itself cannot be read.</exception>
    internal RepositorySnapshot Scan(UnchangedModels? unchanged)
    {
        var models = new Dictionary<string, ModelFolder>(StringComparer.Ordinal);
        foreach (var (name, path, isBareFile) in Entries())
        {
            Add(models, name, path, isBareFile, unchanged);
        }

        unchanged?.EndScan();

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
    internal ModelFolder ReadOutside(string name, string path) => MakeReader().ReadFolder(path) with { Name = name };

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

    private void Add(Dictionary<string, ModelFolder> models, string name, string path, bool isBareFile, UnchangedModels? unchanged = null)
    {
        if (!ModelNames.IsValid(name))
        {
            return;
        }

        ModelFolder model;
        try
        {
            model = unchanged?.Find(path) ?? Read(path, isBareFile, unchanged);
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

    private ModelFolder Read(string path, bool isBareFile, UnchangedModels? unchanged)
    {
        var reader = MakeReader();
        var model = reader.Read(path, isBareFile);
        unchanged?.Remember(path, model, reader.Witnesses);
        return model;
    }

    private ModelFolderReader MakeReader() => new(_files, _guard, _namedConfig);

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
}
