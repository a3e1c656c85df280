using System.Collections.Immutable;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Mirrors;

/// <summary>Reads models out of keys: <c>&lt;model&gt;/…</c>, and single objects that are whole models. What is neither is passed over, as it is in a folder.</summary>
internal static class RemoteListing
{
    /// <summary>Groups objects into models.</summary>
    /// <param name="objects">What a listing found.</param>
    /// <param name="bareExtensions">The extensions, with their dots, of files that are whole models.</param>
    public static ImmutableSortedDictionary<string, RemoteModel> Read(IEnumerable<RemoteObject> objects, ImmutableArray<string> bareExtensions)
    {
        var models = ImmutableSortedDictionary.CreateBuilder<string, RemoteModel>(StringComparer.Ordinal);
        foreach (var group in objects.Select(one => (Name: NameOf(one.Key, bareExtensions), Object: one)).Where(static one => one.Name is not null).GroupBy(static one => one.Name!, StringComparer.Ordinal))
        {
            // A marker that holds nothing says no more than that somebody has made a folder.
            var own = group.Select(static one => one.Object).Where(static one => !IsMarker(one)).OrderBy(static one => one.Key, StringComparer.Ordinal).ToImmutableArray();
            if (own.Length > 0)
            {
                models.Add(group.Key, Read(group.Key, own));
            }
        }

        return models.ToImmutable();
    }

    /// <summary>The model that a key, or the first part of one with its '/', belongs to; null for none.</summary>
    public static string? NameOf(string key, ImmutableArray<string> bareExtensions)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var name = slash >= 0 ? key[..slash]
            : bareExtensions.FirstOrDefault(extension => key.EndsWith(extension, StringComparison.Ordinal)) is { } extension ? key[..^extension.Length]
            : "";
        return ModelNames.IsValid(name) && RemoteKeys.FindProblem(name) is null ? name : null;
    }

    private static bool IsMarker(RemoteObject one) => one.Size == 0 && one.Key.EndsWith('/');

    private static RemoteModel Read(string name, ImmutableArray<RemoteObject> objects)
    {
        var isBareFile = objects.Length == 1 && !objects[0].Key.Contains('/', StringComparison.Ordinal);
        return new RemoteModel(name, objects, isBareFile) { Problem = FindProblem(objects, isBareFile) };
    }

    private static string? FindProblem(ImmutableArray<RemoteObject> objects, bool isBareFile)
    {
        if (!isBareFile && objects.Any(static one => !one.Key.Contains('/', StringComparison.Ordinal)))
        {
            return "model appears as a folder and as a file";
        }

        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in objects)
        {
            if (RemoteKeys.FindProblem(one.Key) is { } problem)
            {
                return $"'{RemoteKeys.Show(one.Key)}' {problem}";
            }

            for (var slash = one.Key.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = one.Key.IndexOf('/', slash + 1))
            {
                folders.Add(one.Key[..slash]);
            }
        }

        var both = objects.FirstOrDefault(one => folders.Contains(one.Key));
        return both is null ? null : $"'{RemoteKeys.Show(both.Key)}' is an object and begins the keys of others, which cannot be a file and a folder at once";
    }
}
