using InferenceServer.Testing.Onnx;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>A model as large as a test wants it: X times each weight, added up.</summary>
internal static class SummingModel
{
    /// <summary>The bytes of the model's file: four for each weight, and a few.</summary>
    public static byte[] Of(int weights, float each = 1) => new OnnxModelBuilder()
        .Input("X", OnnxElementType.Float, 1)
        .Output("Y", OnnxElementType.Float, 1)
        .Initializer("weights", OnnxTensor.Floats([weights], [.. Enumerable.Repeat(each, weights)]))
        .Node("Mul", ["X", "weights"], ["products"])
        .Node("ReduceSum", ["products"], ["Y"])
        .Build();
}
