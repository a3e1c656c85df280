using System.Numerics;

namespace InferenceServer.Testing.Onnx;

/// <summary>
/// A perceptron as large as a measurement wants it: layers of <c>max(0, X · W)</c> over rows of one width. Each weight of the first is 1 over the width, so that every number of the answer is the mean
/// of its row; exactly, when the width is a power of two and the numbers are small and whole. The later layers take the mean of half of their equal numbers, each of another half: of layers that are alike the engine keeps one.
/// </summary>
public static class PerceptronModel
{
    /// <summary>The bytes of the model's file.</summary>
    /// <param name="width">The numbers of a row.</param>
    /// <param name="layers">How many layers.</param>
    /// <param name="sharesWeights">True for one matrix that all layers use: much to compute for a small file.</param>
    public static byte[] Of(int width, int layers, bool sharesWeights = false)
    {
        var model = new OnnxModelBuilder()
            .Input("X", OnnxElementType.Float, "rows", width)
            .Output("Y", OnnxElementType.Float, "rows", width);
        for (var layer = 0; layer < layers; layer++)
        {
            if (layer == 0 || !sharesWeights)
            {
                model.Initializer($"W{layer}", Weights(width, layer));
            }

            model.Node("MatMul", [layer == 0 ? "X" : $"H{layer}", sharesWeights ? "W0" : $"W{layer}"], [$"S{layer}"]);
            model.Node("Relu", [$"S{layer}"], [layer == layers - 1 ? "Y" : $"H{layer + 1}"]);
        }

        return model.Build();
    }

    private static OnnxTensor Weights(int width, int layer)
    {
        var half = layer % width;
        var counts = Enumerable.Range(0, width).Select(row => half == 0 || int.IsOddInteger(BitOperations.PopCount((uint)(row & half)))).ToArray();
        var weight = 1f / counts.Count(static one => one);
        return OnnxTensor.Floats([width, width], [.. counts.SelectMany(one => Enumerable.Repeat(one ? weight : 0, width))]);
    }
}
