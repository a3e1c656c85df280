using System.Text.Json;
using InferenceServer.FunctionalTests.Server;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>The expected values that came with the sample models.</summary>
internal static class SampleData
{
    /// <summary>Eight test digits: 64 pixels each, ten probabilities each, and the true label.</summary>
    public static (float[][] Images, float[][] Probabilities, int[] Labels) Digits()
    {
        var root = Load("digits.json");
        return (Chunk(Floats(root, "x"), 64), Chunk(Floats(root, "y"), 10), [.. root.GetProperty("label").EnumerateArray().Select(static value => value.GetInt32())]);
    }

    /// <summary>Eight wines: 13 features each, three probabilities each, and the predicted label.</summary>
    public static (float[][] Features, float[][] Probabilities, string[] Labels) Wines()
    {
        var root = Load("wine.json");
        return (Chunk(Floats(root, "x"), 13), Chunk(Floats(root, "p"), 3), [.. root.GetProperty("y").EnumerateArray().Select(static value => value.GetString()!)]);
    }

    /// <summary>Three sentences with their embeddings of 96 numbers.</summary>
    public static (string[] Texts, float[][] Embeddings) Sentences()
    {
        var root = Load("text_embedding.json");
        return ([.. root.GetProperty("text").EnumerateArray().Select(static value => value.GetString()!)], Chunk(Floats(root, "emb"), 96));
    }

    private static float[] Floats(JsonElement root, string name) => [.. root.GetProperty(name).EnumerateArray().Select(static value => value.GetSingle())];

    private static float[][] Chunk(float[] values, int size) => [.. values.Chunk(size)];

    private static JsonElement Load(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(RepositoryRoot.Path, "tests", "data", name)));
        return document.RootElement.Clone();
    }
}
