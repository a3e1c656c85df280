namespace InferenceServer.Testing.Onnx;

/// <summary>
/// A linear map of two numbers with room for an adapter of low rank: <c>y = x · W + x · lora_A · lora_B</c>, where the last two are of rank 0 unless a request has them otherwise. An adapter
/// of rank 1 is four numbers: two of A, two of B.
/// </summary>
public static class AdaptedModel
{
    private static readonly float[] s_weights = [1, 2, 3, 5];

    /// <summary>The bytes of the model's file.</summary>
    public static byte[] Build() => new OnnxModelBuilder()
        .Input("x", OnnxElementType.Float, "batch", 2)
        .Input("lora_A", OnnxElementType.Float, 2, "rank")
        .Input("lora_B", OnnxElementType.Float, "rank", 2)
        .Output("y", OnnxElementType.Float, "batch", 2)
        .Initializer("W", OnnxTensor.Floats([2, 2], s_weights))
        .Initializer("lora_A", OnnxTensor.Floats([2, 0]))
        .Initializer("lora_B", OnnxTensor.Floats([0, 2]))
        .Node("MatMul", ["x", "W"], ["base"])
        .Node("MatMul", ["x", "lora_A"], ["down"])
        .Node("MatMul", ["down", "lora_B"], ["up"])
        .Node("Add", ["base", "up"], ["y"])
        .Build();

    /// <summary>The bytes of an adapter's file.</summary>
    public static byte[] Adapter(float[] ab) => new OnnxAdapterBuilder().Floats("lora_A", [2, 1], ab[0], ab[1]).Floats("lora_B", [1, 2], ab[2], ab[3]).Build();

    /// <summary>What the merged weights give: exact for small whole numbers.</summary>
    public static float[] Merged(float[] x, float[]? ab)
    {
        float[] a = ab ?? new float[4];
        float[] merged = [s_weights[0] + (a[0] * a[2]), s_weights[1] + (a[0] * a[3]), s_weights[2] + (a[1] * a[2]), s_weights[3] + (a[1] * a[3])];
        return [(x[0] * merged[0]) + (x[1] * merged[2]), (x[0] * merged[1]) + (x[1] * merged[3])];
    }
}
