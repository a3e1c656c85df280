namespace InferenceServer.Testing.Onnx;

/// <summary>The type of a value: a tensor, or one of the kinds that hold tensors.</summary>
public sealed class OnnxType
{
    private readonly OnnxMessage _message;

    private OnnxType(OnnxMessage message) => _message = message;

    public static OnnxType Tensor(OnnxElementType type, params ReadOnlySpan<OnnxDimension> dimensions)
    {
        var shape = new OnnxMessage();
        foreach (var dimension in dimensions)
        {
            shape.Nested(1, dimension.Symbol is null ? new OnnxMessage().Int(1, dimension.Size) : new OnnxMessage().Text(2, dimension.Symbol));
        }

        return new OnnxType(new OnnxMessage().Nested(1, new OnnxMessage().Int(1, (long)type).Nested(2, shape)));
    }

    /// <summary>A tensor of which not even the rank is known.</summary>
    public static OnnxType UnrankedTensor(OnnxElementType type) => new(new OnnxMessage().Nested(1, new OnnxMessage().Int(1, (long)type)));

    public static OnnxType Sequence(OnnxType element) => new(new OnnxMessage().Nested(4, new OnnxMessage().Nested(1, element._message)));

    public static OnnxType Map(OnnxElementType key, OnnxType value) =>
        new(new OnnxMessage().Nested(5, new OnnxMessage().Int(1, (long)key).Nested(2, value._message)));

    internal OnnxMessage ToValueInfo(string name) => new OnnxMessage().Text(1, name).Nested(2, _message);
}
