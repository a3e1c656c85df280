using System.Collections.Immutable;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Mirrors;

/// <summary>Divides a model into the parts that it is stored in. Pure: objects go in, units come out, the one that the model's name leads to last.</summary>
internal static class MirrorPlan
{
    private static readonly ImmutableSortedDictionary<string, RemoteObject> s_noFiles = ImmutableSortedDictionary.Create<string, RemoteObject>(StringComparer.Ordinal);
    private static readonly ImmutableSortedDictionary<string, MirrorUnit> s_noLinks = ImmutableSortedDictionary.Create<string, MirrorUnit>(StringComparer.Ordinal);

    /// <summary>A version is a part of its own, so that another version beside it copies none of its weights.</summary>
    public static ImmutableArray<MirrorUnit> Of(RemoteModel model)
    {
        if (model.IsBareFile)
        {
            var only = model.Objects[0];
            return [new MirrorUnit(RemoteModel.Identify(model.Objects, "file"), only.Key, s_noFiles.Add(only.Key, only), s_noLinks)];
        }

        var versions = new List<MirrorUnit>();
        var beside = s_noFiles.ToBuilder();
        foreach (var group in model.Objects.GroupBy(one => VersionOf(one.Key, model.Name)))
        {
            if (group.Key is not { } number)
            {
                beside.AddRange(group.Select(static one => KeyValuePair.Create(one.Key, one)));
                continue;
            }

            var files = group.ToImmutableSortedDictionary(one => one.Key[(model.Name.Length + 1)..], static one => one, StringComparer.Ordinal);
            versions.Add(new MirrorUnit(RemoteModel.Identify(files.Values, "version"), number, files, s_noLinks));
        }

        var links = versions.ToImmutableSortedDictionary(version => $"{model.Name}/{version.Entry}", static version => version, StringComparer.Ordinal);
        var whole = new MirrorUnit(RemoteModel.Identify(beside.Values, ["model", model.Name, .. links.Values.Select(static version => version.Id)]), model.Name, beside.ToImmutable(), links);
        return [.. versions, whole];
    }

    private static string? VersionOf(string key, string model)
    {
        var rest = key.AsSpan(model.Length + 1);
        var slash = rest.IndexOf('/');
        return slash > 0 && rest[..slash].ToString() is var part && RepositoryScanner.IsVersionNumber(part, out _) ? part : null;
    }
}
