using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;

namespace InferenceServer.FunctionalTests.Configuration;

/// <summary>Models with sequences: sums that the server keeps, and models that answer with what they have been told of the sequence.</summary>
internal static class SequenceModels
{
    private static readonly string s_folder = RepositoryFiles.TestData(Path.Combine("exchanges", "models", "sequence"));

    public static IReadOnlyCollection<string> Names { get; } = ["sum_direct", "sum_oldest", "sum_initial", "sum_idle", "look_u64", "look_str"];

    /// <summary>Writes the model into a repository.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="model">One of <see cref="Names"/>.</param>
    /// <param name="name">What it is called there; null for its own name.</param>
    public static void Write(TemporaryDirectory repository, string model, string? name = null)
    {
        var source = Path.Combine(s_folder, model);
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            repository.Write(Path.Combine(name ?? model, Path.GetRelativePath(source, file)), File.ReadAllBytes(file));
        }
    }

    /// <summary>What <c>sum_initial</c> answers to a sequence of one request of 1.</summary>
    public static async Task<float> AskInitialAsync(RunningServer server)
    {
        const string question = """{"parameters":{"sequence_id":3,"sequence_start":true,"sequence_end":true},"inputs":[{"name":"IN","datatype":"FP32","shape":[1,1],"data":[1]}]}""";
        var (_, body) = await server.PostAsync("/v2/models/sum_initial/infer", question);
        using var document = System.Text.Json.JsonDocument.Parse(body);
        return document.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle();
    }
}
