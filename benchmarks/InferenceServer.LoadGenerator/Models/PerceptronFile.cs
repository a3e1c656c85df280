using System.Numerics;

namespace InferenceServer.LoadGenerator.Models;

/// <summary>
/// Writes a perceptron as an ONNX file: layers of <c>max(0, X · W)</c> from X to Y, over rows of one width. Each weight of the first is 1 over the width, so that every number of an answer is the mean of its
/// row; to the bit, for the inputs that this tool makes up and a width that is a power of two. The later layers take the mean of half of their equal numbers, each of another half: of layers that are alike the engine keeps one.
/// </summary>
internal static class PerceptronFile
{
    /// <param name="width">The numbers of a row.</param>
    /// <param name="layers">How many layers.</param>
    public static byte[] Of(int width, int layers)
    {
        var nodes = Enumerable.Range(0, layers).SelectMany(layer => new[]
        {
            OnnxWriter.Node("MatMul", [layer == 0 ? "X" : $"H{layer}", $"W{layer}"], $"S{layer}"),
            OnnxWriter.Node("Relu", [$"S{layer}"], layer == layers - 1 ? "Y" : $"H{layer + 1}"),
        });
        return OnnxWriter.Model(OnnxWriter.Graph(
            "perceptron",
            nodes,
            Enumerable.Range(0, layers).Select(layer => OnnxWriter.Floats($"W{layer}", [width, width], Weights(width, layer))),
            OnnxWriter.Value("X", ["rows"], width),
            OnnxWriter.Value("Y", ["rows"], width)));
    }

    /// <summary>The weights of a layer, row by row; of each column the sum is 1.</summary>
    internal static float[] Weights(int width, int layer)
    {
        var half = layer % width;
        var counts = Enumerable.Range(0, width).Select(row => half == 0 || int.IsOddInteger(BitOperations.PopCount((uint)(row & half)))).ToArray();
        var weight = 1f / counts.Count(static one => one);
        var weights = new float[width * width];
        for (var row = 0; row < width; row++)
        {
            weights.AsSpan(row * width, width).Fill(counts[row] ? weight : 0);
        }

        return weights;
    }
}
