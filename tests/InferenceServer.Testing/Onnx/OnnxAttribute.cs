namespace InferenceServer.Testing.Onnx;

/// <summary>An attribute of a node.</summary>
public sealed class OnnxAttribute
{
    private OnnxAttribute(OnnxMessage message) => Message = message;

    internal OnnxMessage Message { get; }

    public static OnnxAttribute Float(string name, float value) => new(Start(name, 1).Float(2, value));

    public static OnnxAttribute Int(string name, long value) => new(Start(name, 2).Int(3, value));

    public static OnnxAttribute Text(string name, string value) => new(Start(name, 3).Text(4, value));

    public static OnnxAttribute Tensor(string name, OnnxTensor value) => new(Start(name, 4).Nested(5, value.ToMessage()));

    /// <summary>The body of a loop or the branch of a condition.</summary>
    public static OnnxAttribute Graph(string name, OnnxModelBuilder value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new OnnxAttribute(Start(name, 5).Nested(6, value.ToGraph()));
    }

    public static OnnxAttribute Ints(string name, params ReadOnlySpan<long> values)
    {
        var message = Start(name, 7);
        foreach (var value in values)
        {
            message.Int(8, value);
        }

        return new OnnxAttribute(message);
    }

    public static OnnxAttribute Texts(string name, params ReadOnlySpan<string> values)
    {
        var message = Start(name, 8);
        foreach (var value in values)
        {
            message.Text(9, value);
        }

        return new OnnxAttribute(message);
    }

    private static OnnxMessage Start(string name, int kind) => new OnnxMessage().Text(1, name).Int(20, kind);
}
