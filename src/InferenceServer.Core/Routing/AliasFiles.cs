using System.Collections.Immutable;
using System.IO.Abstractions;
using System.Security.Cryptography;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Routing;

/// <summary>Reads <c>aliases.json</c> in every repository that has one.</summary>
internal sealed class AliasFiles
{
    /// <summary>The file's name. It lies beside the models' folders, where the scanner passes files over that are no models.</summary>
    public const string FileName = "aliases.json";

    /// <summary>The largest file that is read. Bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private readonly IFileSystem _files;
    private readonly ImmutableArray<string> _repositories;
    private readonly EntryGuard _guard;

    /// <param name="files">The file system.</param>
    /// <param name="repositories">The repository folders.</param>
    /// <param name="allowsLinks">True when links in a repository may lead out of it, and files may be hard links.</param>
    public AliasFiles(IFileSystem files, IEnumerable<string> repositories, bool allowsLinks)
    {
        _files = files;
        _repositories = [.. repositories.Select(files.Path.GetFullPath).Distinct(StringComparer.Ordinal)];
        _guard = new EntryGuard(files, _repositories, allowsLinks);
    }

    /// <summary>Reads all files. What cannot be read is a problem, and no exception.</summary>
    public AliasFileSet Read()
    {
        var aliases = new Dictionary<string, (AliasConfig Config, string File)>(StringComparer.Ordinal);
        var problems = ImmutableArray.CreateBuilder<string>();
        var stamp = new List<string>();
        foreach (var repository in _repositories)
        {
            var name = _repositories.Length == 1 ? FileName : $"{_files.Path.GetFileName(repository)}/{FileName}";
            var content = Read(_files.Path.Combine(repository, FileName), out var problem);
            stamp.Add(problem ?? (content is null ? "" : Convert.ToHexString(SHA256.HashData(content))));
            if (problem is not null)
            {
                problems.Add($"{name}: {problem}");
            }

            if (content is not null)
            {
                Add(AliasReader.ReadAll(content, name), name, aliases, problems);
            }
        }

        foreach (var (config, file) in aliases.Values)
        {
            foreach (var model in config.Targets.Select(static target => target.Model).Append(config.Shadow?.Model ?? "").Distinct(StringComparer.Ordinal).Where(aliases.ContainsKey))
            {
                problems.Add($"{file}: alias '{config.Name}' names '{model}', which is an alias itself, expected a model");
            }
        }

        if (aliases.Count > AliasConfig.MaxAliases)
        {
            problems.Add($"{FileName}: all files together have {aliases.Count} aliases, expected at most {AliasConfig.MaxAliases}");
        }

        return new AliasFileSet([.. aliases.Values.Select(static known => known.Config).OrderBy(static config => config.Name, StringComparer.Ordinal)], problems.ToImmutable(), string.Join('\n', stamp));
    }

    private static void Add(AliasDocument document, string file, Dictionary<string, (AliasConfig Config, string File)> aliases, ImmutableArray<string>.Builder problems)
    {
        problems.AddRange(document.Problems.Select(static problem => problem.ToString()));
        foreach (var declared in document.Aliases)
        {
            if (!aliases.TryAdd(declared.Config.Name, (declared.Config, file)))
            {
                problems.Add(new ConfigProblem(file, declared.Position.Line, declared.Position.Column, $"alias '{declared.Config.Name}' is also in {aliases[declared.Config.Name].File}", "keep one of them").ToString());
            }
        }
    }

    private byte[]? Read(string path, out string? problem)
    {
        problem = null;
        try
        {
            // A link that leads nowhere exists for nobody but for the guard.
            if (!_files.File.Exists(path) && !_guard.IsLinkOut(path))
            {
                return null;
            }

            if (_guard.FindProblem(path) is { } refusal)
            {
                problem = $"the file {refusal}";
                return null;
            }

            var length = _files.FileInfo.New(path) is { LinkTarget: not null } link && link.ResolveLinkTarget(returnFinalTarget: true) is IFileInfo target ? target.Length : _files.FileInfo.New(path).Length;
            if (length > MaxBytes)
            {
                problem = $"the file has {length} bytes, expected at most {MaxBytes}";
                return null;
            }

            return _files.File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = exception is UnauthorizedAccessException ? "the file cannot be read: permission denied" : "the file cannot be read: input/output error";
            return null;
        }
    }
}
