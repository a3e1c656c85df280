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
        ImmutableArray<string> problems =
        [
            .. found.Aliases.Where(alias => models.ContainsKey(alias.Name)).Select(static alias => $"{AliasFiles.FileName}: alias '{alias.Name}' has the name of a model, which goes before"),
            .. found.Aliases.SelectMany(static alias => Named(alias).Select(target => (alias, target))).Where(pair => !IsThere(models, pair.target))
                .Select(static pair => $"{AliasFiles.FileName}: alias '{pair.alias.Name}' names {pair.target}, which is in no repository"),
        ];
        names = problems.IsEmpty ? [.. found.Aliases.Select(static alias => alias.Name)] : [];
        return problems;
    }

    private static IEnumerable<AliasTarget> Named(AliasConfig alias) =>
        alias.Shadow is { } shadow ? alias.Targets.Append(new AliasTarget(shadow.Model, shadow.Version, 0, IsStable: false)) : alias.Targets;

    private static bool IsThere(Dictionary<string, ModelFolder> models, AliasTarget target) =>
        models.TryGetValue(target.Model, out var folder) && (target.Version is not { } number || folder.Versions.Any(version => version.Number == number));
}
