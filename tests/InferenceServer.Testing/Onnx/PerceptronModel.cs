namespace InferenceServer.Testing.Onnx;

/// <summary>
/// A perceptron as large as a measurement wants it: layers of <c>max(0, X · W)</c> over rows of one width. Each weight is 1 over the width, so that every number of the answer is the mean
/// of its row; exactly, when the width is a power of two and the numbers are small and whole.
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
        var weights = OnnxTensor.Floats([width, width], [.. Enumerable.Repeat(1f / width, width * width)]);
        for (var layer = 0; layer < layers; layer++)
        {
            if (layer == 0 || !sharesWeights)
            {
                model.Initializer($"W{layer}", weights);
            }

            model.Node("MatMul", [layer == 0 ? "X" : $"H{layer}", sharesWeights ? "W0" : $"W{layer}"], [$"S{layer}"]);
            model.Node("Relu", [$"S{layer}"], [layer == layers - 1 ? "Y" : $"H{layer + 1}"]);
        }

        return model.Build();
    }
}
