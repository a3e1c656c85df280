using System.Collections.Immutable;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Routing;

/// <summary>Finds out what is wrong with the aliases of the repositories, without serving them.</summary>
public sealed class AliasCheck
{
    private readonly AliasFiles _files;
    private readonly RepositoryScanner _scanner;

    internal AliasCheck(AliasFiles files, RepositoryScanner scanner)
    {
        _files = files;
        _scanner = scanner;
    }

    /// <summary>Checks all files.</summary>
    /// <param name="names">The aliases that would be in force.</param>
    /// <returns>Every mistake, one line each; with one in a file no alias of it is in force.</returns>
    /// <exception cref="IOException">A repository cannot be read.</exception>
    public ImmutableArray<string> Run(out ImmutableArray<string> names)
    {
        var found = _files.Read();
        if (!found.Problems.IsEmpty)
        {
            names = [];
            return found.Problems;
        }

        var models = _scanner.Scan().Models.ToDictionary(static model => model.Name, StringComparer.Ordinal);
        var plain = _scanner.UsesNamespaces ? new PlainNames(models.Keys) : PlainNames.None;
        ImmutableArray<string> problems =
        [
            .. found.Aliases.Where(alias => models.ContainsKey(alias.Name)).Select(static alias => $"{AliasFiles.FileName}: alias '{alias.Name}' has the name of a model, which goes before"),
            .. found.Aliases.SelectMany(alias => Named(alias).Select(target => FindProblem(models, plain, target) is { } problem ? $"{AliasFiles.FileName}: alias '{alias.Name}' names {target}, {problem}" : null)).OfType<string>(),
        ];
        names = problems.IsEmpty ? [.. found.Aliases.Select(static alias => alias.Name)] : [];
        return problems;
    }

    private static IEnumerable<AliasTarget> Named(AliasConfig alias) =>
        alias.Shadow is { } shadow ? alias.Targets.Append(new AliasTarget(shadow.Model, shadow.Version, 0, IsStable: false)) : alias.Targets;

    private static string? FindProblem(Dictionary<string, ModelFolder> models, PlainNames plain, AliasTarget target)
    {
        var meant = plain.Find(target.Model);
        if (!models.TryGetValue(target.Model, out var folder) && meant.Length > 1)
        {
            return $"which several repositories have; write one of {NameChoices.Print(meant)}";
        }

        folder ??= meant is [var only] ? models[only] : null;
        return folder is not null && (target.Version is not { } number || folder.Versions.Any(version => version.Number == number)) ? null : "which is in no repository";
    }
}
