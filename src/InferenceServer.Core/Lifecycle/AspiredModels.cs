using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Turns what is on disk into what should serve. Pure: a snapshot goes in, the wanted set comes out.</summary>
internal static class AspiredModels
{
    public static ImmutableArray<AspiredModel> From(RepositorySnapshot snapshot, IReadOnlyList<BackendDescriptor> backends) =>
        [.. snapshot.Models.Select(folder => From(folder, backends))];

    private static AspiredModel From(ModelFolder folder, IReadOnlyList<BackendDescriptor> backends)
    {
        if (folder.Problem is not null)
        {
            return new AspiredModel(folder.Name, [], folder.Problem);
        }

        var document = folder.ConfigFileName switch
        {
            null => ModelConfigDocument.Empty("config.pbtxt"),
            "config.json" => ModelConfigDocument.ReadJson(folder.ConfigFileName, folder.ConfigContent),
            _ => ModelConfigDocument.ReadText(folder.ConfigFileName, folder.ConfigContent),
        };
        var facts = new ModelFolderFacts
        {
            ModelName = folder.Name,
            Versions = [.. folder.Versions.Select(static version => version.Number)],
            VersionFiles = folder.Versions.ToImmutableDictionary(static version => version.Number, static version => version.Entries),
            BareFileName = folder.IsBareFile ? folder.Versions[0].Entries.First() : null,
        };
        if (!ModelConfigDeclaration.TryDeclare(document, facts, backends, out var config, out var problems))
        {
            return new AspiredModel(folder.Name, [], string.Join('\n', problems));
        }

        var wanted = config.VersionPolicy.Select(facts.Versions);
        if (wanted.IsEmpty)
        {
            var found = folder.Versions.IsEmpty ? "no version folder" : $"versions {string.Join(", ", facts.Versions)}";
            return new AspiredModel(folder.Name, [], $"at least one version must be available under the version policy of model '{folder.Name}', found {found}");
        }

        return new AspiredModel(
            folder.Name,
            [.. wanted.Select(number => new AspiredVersion(number, folder.Fingerprint, folder, folder.Versions.First(version => version.Number == number), config))],
            null);
    }
}
