namespace InferenceServer.Testing.Onnx;

/// <summary>Models that several test projects share.</summary>
public static class SampleOnnxModels
{
    /// <summary>INPUT0 and INPUT1, FP32 [batch,16], give their sum as OUTPUT0 and their difference as OUTPUT1.</summary>
    public static byte[] AddSub() => new OnnxModelBuilder()
        .Input("INPUT0", OnnxElementType.Float, "batch", 16)
        .Input("INPUT1", OnnxElementType.Float, "batch", 16)
        .Output("OUTPUT0", OnnxElementType.Float, "batch", 16)
        .Output("OUTPUT1", OnnxElementType.Float, "batch", 16)
        .Node("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"])
        .Node("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"])
        .Build();

    /// <summary>INPUTi, of any types and one shape, come back as OUTPUTi.</summary>
    public static byte[] Identity(OnnxDimension[] dimensions, params ReadOnlySpan<OnnxElementType> types)
    {
        var model = new OnnxModelBuilder();
        for (var i = 0; i < types.Length; i++)
        {
            model.Input($"INPUT{i}", types[i], dimensions).Output($"OUTPUT{i}", types[i], dimensions).Node("Identity", [$"INPUT{i}"], [$"OUTPUT{i}"]);
        }

        return model.Build();
    }

    /// <summary>Counts to the number it is given, one round of a loop at a time.</summary>
    public static byte[] CountingLoop()
    {
        var body = new OnnxModelBuilder()
            .Input("round", OnnxElementType.Int64)
            .Input("go_on", OnnxElementType.Bool)
            .Input("count_in", OnnxElementType.Int64)
            .Output("go_on_out", OnnxElementType.Bool)
            .Output("count_out", OnnxElementType.Int64)
            .Node("Identity", ["go_on"], ["go_on_out"])
            .Node("Add", ["count_in", "one"], ["count_out"]);
        return new OnnxModelBuilder()
            .Input("rounds", OnnxElementType.Int64, 1)
            .Output("count", OnnxElementType.Int64)
            .Initializer("one", OnnxTensor.Int64s([], 1))
            .Initializer("zero", OnnxTensor.Int64s([], 0))
            .Initializer("yes", OnnxTensor.Of<byte>(OnnxElementType.Bool, [], 1))
            .Node("Squeeze", ["rounds"], ["limit"])
            .Node("Loop", ["limit", "yes", "zero"], ["count"], OnnxAttribute.Graph("body", body))
            .Build();
    }
}
