using System.Diagnostics.CodeAnalysis;
using System.IO.Abstractions;

namespace InferenceServer.Core.Repository;

/// <summary>How models are called where each repository is a namespace: <c>&lt;namespace&gt;::&lt;model&gt;</c>.</summary>
public static class ModelNamespaces
{
    /// <summary>What stands between the namespace and the model.</summary>
    public const string Separator = "::";

    /// <summary>The qualified name of a model.</summary>
    public static string Qualify(string space, string model) => $"{space}{Separator}{model}";

    /// <summary>Takes a qualified name apart.</summary>
    /// <param name="name">The name.</param>
    /// <param name="space">The namespace; null for a plain name.</param>
    /// <param name="model">The name within it; the whole name for a plain one.</param>
    public static bool TrySplit(string name, [NotNullWhen(true)] out string? space, out string model)
    {
        ArgumentNullException.ThrowIfNull(name);
        var place = name.IndexOf(Separator, StringComparison.Ordinal);
        space = place < 0 ? null : name[..place];
        model = place < 0 ? name : name[(place + Separator.Length)..];
        return space is not null;
    }

    /// <summary>The name without its namespace.</summary>
    public static string PlainOf(string name)
    {
        TrySplit(name, out _, out var model);
        return model;
    }

    /// <summary>True for what may be a plain or a qualified name: each part of it could be the name of a folder.</summary>
    public static bool IsValid(string name) => ModelNames.IsValid(name) && (!TrySplit(name, out var space, out var model) || (IsNamespace(space) && ModelNames.IsValid(model)));

    /// <summary>True for what may be a namespace. With a ':' at the end it could not be told where it ends.</summary>
    public static bool IsNamespace(string space)
    {
        ArgumentNullException.ThrowIfNull(space);
        return ModelNames.IsValid(space) && !space.Contains(Separator, StringComparison.Ordinal) && space[^1] != ':';
    }

    /// <summary>The namespace that a folder is: its own name.</summary>
    public static string OfFolder(IFileSystem files, string folder)
    {
        ArgumentNullException.ThrowIfNull(files);
        return files.Path.GetFileName(files.Path.TrimEndingDirectorySeparator(files.Path.GetFullPath(folder)));
    }

    /// <summary>The namespace that a repository elsewhere is: the last part of its prefix, or its bucket or container.</summary>
    /// <param name="url">The address.</param>
    public static string OfUrl(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return url.TrimEnd('/').Split('/')[^1];
    }

    /// <summary>What keeps repositories from being namespaces, one sentence each.</summary>
    /// <param name="repositories">Each repository once, as the operator knows it, and the namespace that it would be.</param>
    public static IEnumerable<string> FindProblems(IReadOnlyCollection<(string Repository, string Namespace)> repositories)
    {
        foreach (var (repository, space) in repositories.Where(static one => !IsNamespace(one.Namespace)))
        {
            yield return $"the repository '{repository}' cannot be a namespace: expected a last part of its path that could be the name of a model, without '{Separator}' in it and ':' at its end, got '{space}'; rename it, or name a folder by a symbolic link";
        }

        foreach (var same in repositories.GroupBy(static one => one.Namespace, StringComparer.Ordinal).Where(static group => group.Count() > 1))
        {
            var names = string.Join(" and ", same.Select(static one => $"'{one.Repository}'"));
            yield return $"the repositories {names} would be one namespace, '{same.Key}'; rename all but one of them, or name a folder by a symbolic link that is called otherwise";
        }
    }
}
