using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Repository;
using Google.Protobuf;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Turns what is on disk into what should serve. Pure: a snapshot goes in, the wanted set comes out.</summary>
internal static class AspiredModels
{
    /// <summary>What lies in the repositories now, and what should serve of it.</summary>
    /// <exception cref="IOException">A repository cannot be read.</exception>
    public static (RepositorySnapshot Snapshot, ImmutableArray<AspiredModel> Models) Read(RepositoryScanner scanner, IReadOnlyList<BackendDescriptor> backends)
    {
        var snapshot = scanner.Scan();
        return (snapshot, From(snapshot, backends));
    }

    public static ImmutableArray<AspiredModel> From(RepositorySnapshot snapshot, IReadOnlyList<BackendDescriptor> backends) =>
        [.. snapshot.Models.Select(folder => From(folder, backends))];

    /// <summary>One model, by its own configuration file.</summary>
    public static AspiredModel From(ModelFolder folder, IReadOnlyList<BackendDescriptor> backends) => From(
        folder,
        folder.ConfigFileName switch
        {
            null => ModelConfigDocument.Empty("config.pbtxt"),
            "config.json" => ModelConfigDocument.ReadJson(folder.ConfigFileName, folder.ConfigContent),
            _ => ModelConfigDocument.ReadText(folder.ConfigFileName, folder.ConfigContent),
        },
        backends);

    /// <summary>One model, by a configuration from elsewhere.</summary>
    public static AspiredModel From(ModelFolder folder, ModelConfigDocument document, IReadOnlyList<BackendDescriptor> backends)
    {
        if (folder.Problem is not null)
        {
            return new AspiredModel(folder.Name, [], folder.Problem) { Folder = folder };
        }

        var facts = new ModelFolderFacts
        {
            ModelName = folder.Name,
            FolderName = folder.FolderName,
            HasGivenName = folder.HasGivenName,
            Versions = [.. folder.Versions.Select(static version => version.Number)],
            VersionFiles = folder.Versions.ToImmutableDictionary(static version => version.Number, static version => version.Entries),
            BareFileName = folder.IsBareFile ? folder.Versions[0].Entries.First() : null,
        };
        if (!ModelConfigDeclaration.TryDeclare(document, facts, backends, out var config, out var problems))
        {
            return new AspiredModel(folder.Name, [], string.Join('\n', problems)) { Folder = folder, LacksVersions = folder.Versions.IsEmpty };
        }

        var wanted = config.VersionPolicy.Select(facts.Versions);
        if (wanted.IsEmpty)
        {
            var found = folder.Versions.IsEmpty ? "no version folder" : $"versions {string.Join(", ", facts.Versions)}";
            return new AspiredModel(folder.Name, [], $"at least one version must be available under the version policy of model '{folder.Name}', found {found}") { Folder = folder, LacksVersions = true };
        }

        var shared = string.Join('\n', [folder.Path, .. UsedFiles(folder, document)]);
        var identity = Identify(document);
        return new AspiredModel(folder.Name, [.. wanted.Select(number => Version(folder, number, shared, identity, config))], null) { Folder = folder };
    }

    private static AspiredVersion Version(ModelFolder folder, long number, string shared, string identity, DeclaredModelConfig config)
    {
        var files = folder.Versions.First(version => version.Number == number);
        var fingerprint = $"{files.Fingerprint}\n{shared}";
        return new AspiredVersion(number, $"{fingerprint}\n{identity}", folder, files, config) { FilesFingerprint = fingerprint };
    }

    /// <summary>The stamps of the files beside the versions that a version uses: a note that somebody edits reloads nothing.</summary>
    private static IEnumerable<string> UsedFiles(ModelFolder folder, ModelConfigDocument document)
    {
        var labels = document.Message.Output.Select(static output => output.LabelFilename).ToHashSet(StringComparer.Ordinal);
        return folder.SharedFiles.Where(file => file.Key.Contains('/', StringComparison.Ordinal) || labels.Contains(file.Key)).Select(static file => file.Value);
    }

    /// <summary>
    /// The same for configurations that make the same model of a version, however they are written: which versions are served is no matter of
    /// a version, so that another policy reloads none.
    /// </summary>
    private static string Identify(ModelConfigDocument document)
    {
        var message = document.Message;
        message.VersionPolicy = null;
        return ContentStamp.Of(message.ToByteArray());
    }
}
