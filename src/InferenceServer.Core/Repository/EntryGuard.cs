using System.Collections.Immutable;
using System.IO.Abstractions;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Decides which entries of a repository are read at all. A model may come from somebody who is trusted less than the server: a link in it would have the server read
/// what its owner cannot, and a pipe would have it wait. Nothing is opened, and what a link leads to is not looked for, so that the answer tells nothing of it.
/// </summary>
/// <param name="files">The file system.</param>
/// <param name="repositories">The repository folders, absolute.</param>
/// <param name="allowsLinks">True when links may lead anywhere and files have any number of names.</param>
internal sealed class EntryGuard(IFileSystem files, ImmutableArray<string> repositories, bool allowsLinks)
{
    /// <summary>As many links in a row as Linux itself follows.</summary>
    private const int MaxLinks = 40;

    // A file system that is none has no kinds to inspect.
    private readonly bool _isReal = files is FileSystem;
    private readonly Lazy<ImmutableArray<string>> _roots = new(() => [.. repositories.Select(repository => Resolve(files, repository) ?? repository)]);

    /// <summary>Why an entry must not be read, as the end of a sentence that begins with its name; null when it may.</summary>
    public string? FindProblem(string path)
    {
        if (!_isReal)
        {
            return null;
        }

        var kind = EntryInspector.Inspect(path);
        if (kind == EntryKind.Link)
        {
            if (!allowsLinks && !IsInside(path))
            {
                return "is a link that leads out of the repository; expected plain files (--allow-model-links=true lets links lead anywhere)";
            }

            kind = EntryInspector.Inspect(path, follow: true);
        }

        return kind == EntryKind.Special ? "is a pipe, a socket or a device, expected a plain file"
            : kind == EntryKind.SharedFile && !allowsLinks ? "is a hard link to a file with another name; expected a file of its own (--allow-model-links=true takes it)"
            : null;
    }

    /// <summary>True for a link that must not be followed.</summary>
    public bool IsLinkOut(string path) => _isReal && !allowsLinks && EntryInspector.Inspect(path) == EntryKind.Link && !IsInside(path);

    /// <summary>Why a file below a folder must not be read, its own folders included; null when it may.</summary>
    public string? FindProblem(string folder, string relativePath)
    {
        var path = folder;
        foreach (var part in relativePath.Split('/'))
        {
            path = files.Path.Combine(path, part);
            if (FindProblem(path) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    private bool IsInside(string path) =>
        Resolve(files, path) is { } target && _roots.Value.Any(root => target == root || target.StartsWith(root.TrimEnd('/') + '/', StringComparison.Ordinal));

    /// <summary>The path without links, as far as there is anything; null when links lead in circles.</summary>
    public static string? Resolve(IFileSystem files, string path)
    {
        var resolved = "/";
        var left = new Stack<string>(Parts(path));
        for (var links = 0; left.TryPop(out var part);)
        {
            if (part == "..")
            {
                resolved = files.Path.GetDirectoryName(resolved) ?? "/";
                continue;
            }

            var next = files.Path.Combine(resolved, part);
            if (EntryInspector.Inspect(next) != EntryKind.Link || files.FileInfo.New(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                return null;
            }

            resolved = files.Path.IsPathRooted(target) ? "/" : resolved;
            foreach (var step in Parts(target))
            {
                left.Push(step);
            }
        }

        return resolved;
    }

    /// <summary>The parts of a path, the last one first.</summary>
    private static IEnumerable<string> Parts(string path) => path.Split('/').Where(static part => part is not ("" or ".")).Reverse();
}
