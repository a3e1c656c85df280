using System.Collections.Immutable;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Finds out which model is meant by a name that is to be loaded or unloaded, where each repository is a namespace and the name may be a plain one. Elsewhere every name means itself.
/// </summary>
internal sealed class ModelNameResolver(RepositoryScanner scanner, RepositoryMirrors? mirrors)
{
    /// <summary>Finds the model of the repositories that a name means. Stores are asked for the plain name alone; nothing is downloaded.</summary>
    /// <param name="name">A name for which <see cref="IsValid"/> holds.</param>
    /// <param name="cancellationToken">Ends the questions to stores.</param>
    /// <returns>The model's name; InvalidArgument when several repositories have such a model, Internal when there is no such namespace.</returns>
    public async Task<ResolvedName> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (!scanner.UsesNamespaces)
        {
            return new ResolvedName(name);
        }

        if (scanner.TrySplit(name, out var space, out _))
        {
            return new ResolvedName(name, scanner.Namespaces.Contains(space, StringComparer.Ordinal) ? null : RepositoryErrors.NoSuchNamespace(name, space, scanner.Namespaces));
        }

        var stores = mirrors is null ? [] : await mirrors.FindAsync(name, cancellationToken).ConfigureAwait(false);
        ImmutableArray<string> found = [.. scanner.FindNames(name), .. stores.Where(static store => store.Reason is null).Select(store => scanner.NameIn(store.Mirror.Folder, name))];
        return found.Length > 1 ? new ResolvedName(name, RepositoryErrors.Ambiguous("load", name, found))
            : found is [var only] ? new ResolvedName(only)
            : new ResolvedName(name) { Unreachable = stores is [var (mirror, reason), ..] ? (mirror, reason!) : null };
    }

    /// <summary>Finds the model that a name means of those that are wanted; the name as it is when there is none. InvalidArgument when there are several.</summary>
    public ResolvedName FindLoaded(string name, IReadOnlyDictionary<string, AspiredModel> wanted)
    {
        if (!scanner.UsesNamespaces || wanted.ContainsKey(name))
        {
            return new ResolvedName(name);
        }

        var found = new PlainNames(wanted.Keys).Find(name);
        return found.Length > 1 ? new ResolvedName(name, RepositoryErrors.Ambiguous("unload", name, found)) : new ResolvedName(found is [var only] ? only : name);
    }

    /// <summary>True for a name that a model can have here.</summary>
    public bool IsValid(string name) => scanner.UsesNamespaces ? ModelNamespaces.IsValid(name) : ModelNames.IsValid(name);

    /// <summary>Mirrors the model of a name that <see cref="FindAsync"/> has found, of the repository alone that it names.</summary>
    /// <returns>The mirrors whose stores could not be asked, and why.</returns>
    /// <exception cref="IOException">The folder of the mirrors cannot be had.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder of the mirrors cannot be had.</exception>
    public async Task<IReadOnlyList<(RepositoryMirror Mirror, string Reason)>> FetchAsync(string name, CancellationToken cancellationToken)
    {
        if (mirrors is null)
        {
            return [];
        }

        // Where there are namespaces, a name without one is in no repository.
        return !scanner.UsesNamespaces ? await mirrors.FetchAsync(name, cancellationToken).ConfigureAwait(false)
            : scanner.TrySplit(name, out var space, out var plain) ? await mirrors.FetchAsync(space, plain, cancellationToken).ConfigureAwait(false)
            : [];
    }
}
