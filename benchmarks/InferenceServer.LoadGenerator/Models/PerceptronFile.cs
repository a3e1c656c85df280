namespace InferenceServer.LoadGenerator.Models;

/// <summary>
/// Writes a perceptron as an ONNX file: layers of <c>max(0, X · W)</c> from X to Y, over rows of one width. Each weight is 1 over the width, so that every number of an answer is the mean of its
/// row; to the bit, for the inputs that this tool makes up and a width that is a power of two.
/// </summary>
internal static class PerceptronFile
{
    /// <param name="width">The numbers of a row.</param>
    /// <param name="layers">How many layers.</param>
    public static byte[] Of(int width, int layers)
    {
        var weights = new float[width * width];
        Array.Fill(weights, 1f / width);
        var nodes = Enumerable.Range(0, layers).SelectMany(layer => new[]
        {
            OnnxWriter.Node("MatMul", [layer == 0 ? "X" : $"H{layer}", $"W{layer}"], $"S{layer}"),
            OnnxWriter.Node("Relu", [$"S{layer}"], layer == layers - 1 ? "Y" : $"H{layer + 1}"),
        });
        return OnnxWriter.Model(OnnxWriter.Graph(
            "perceptron",
            nodes,
            Enumerable.Range(0, layers).Select(layer => OnnxWriter.Floats($"W{layer}", [width, width], weights)),
            OnnxWriter.Value("X", ["rows"], width),
            OnnxWriter.Value("Y", ["rows"], width)));
    }
}
