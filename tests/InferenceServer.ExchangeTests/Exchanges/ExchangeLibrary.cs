using InferenceServer.ExchangeTests.Json;
using InferenceServer.FunctionalTests.Server;

namespace InferenceServer.ExchangeTests.Exchanges;

/// <summary>The recorded exchanges as they lie in the repository.</summary>
internal static class ExchangeLibrary
{
    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "tests", "data", "exchanges");

    public static IReadOnlyList<ExchangeGroup> Groups { get; } = [.. Load()];

    /// <summary>The folder of a model repository.</summary>
    public static string Models(string repository) => Path.Combine(Folder, "models", repository);

    /// <summary>A list beside the families.</summary>
    public static JsonObject Document(string name) => (JsonObject)JsonText.Parse(File.ReadAllText(Path.Combine(Folder, name)))!;

    private static IEnumerable<ExchangeGroup> Load()
    {
        foreach (var kind in new[] { "http", "grpc" })
        {
            foreach (var path in Directory.EnumerateFiles(Path.Combine(Folder, kind), "*.json").Order(StringComparer.Ordinal))
            {
                var family = $"{kind}/{Path.GetFileNameWithoutExtension(path)}";
                var document = (JsonObject)JsonText.Parse(File.ReadAllText(path))!;
                foreach (var group in GroupsOf(family, document.List("cases").Cast<JsonObject>()))
                {
                    yield return group;
                }
            }
        }
    }

    private static IEnumerable<ExchangeGroup> GroupsOf(string family, IEnumerable<JsonObject> cases)
    {
        ExchangeGroup? group = null;
        List<ExchangeCase> members = [];
        foreach (var document in cases)
        {
            var (repository, flags) = (document.Text("repository")!, document.Texts("flags"));
            if (group is null || group.Repository != repository || !group.Flags.SequenceEqual(flags))
            {
                if (group is not null)
                {
                    yield return group;
                }

                group = new ExchangeGroup(family, repository, flags, members = []);
            }

            JsonObject[] steps = document["steps"] is List<object?> list ? [.. list.Cast<JsonObject>()] : [document];
            members.Add(new ExchangeCase(family, document.Text("name")!, document["quirk"] is true, steps));
        }

        if (group is not null)
        {
            yield return group;
        }
    }
}
