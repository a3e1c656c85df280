using System.Runtime.InteropServices;

namespace InferenceServer.Testing.Onnx;

/// <summary>A constant of a model: an initialiser or the value of a tensor attribute.</summary>
public sealed class OnnxTensor
{
    private readonly OnnxElementType _type;
    private readonly long[] _dimensions;
    private readonly byte[] _data;
    private readonly string? _externalFile;

    private OnnxTensor(OnnxElementType type, long[] dimensions, byte[] data, string? externalFile)
    {
        _type = type;
        _dimensions = dimensions;
        _data = data;
        _externalFile = externalFile;
    }

    /// <summary>Elements of any fixed-size type, as they lie in memory.</summary>
    public static OnnxTensor Of<T>(OnnxElementType type, long[] dimensions, params ReadOnlySpan<T> values)
        where T : unmanaged => new(type, dimensions, MemoryMarshal.AsBytes(values).ToArray(), null);

    public static OnnxTensor Floats(long[] dimensions, params ReadOnlySpan<float> values) => Of(OnnxElementType.Float, dimensions, values);

    public static OnnxTensor Int64s(long[] dimensions, params ReadOnlySpan<long> values) => Of(OnnxElementType.Int64, dimensions, values);

    /// <summary>Elements that lie in a file of their own beside the model.</summary>
    public static OnnxTensor External(OnnxElementType type, long[] dimensions, string file) => new(type, dimensions, [], file);

    internal OnnxMessage ToMessage(string? name = null)
    {
        var message = new OnnxMessage();
        foreach (var dimension in _dimensions)
        {
            message.Int(1, dimension);
        }

        message.Int(2, (long)_type);
        if (name is not null)
        {
            message.Text(8, name);
        }

        return _externalFile is null
            ? message.Bytes(9, _data)
            : message.Nested(13, new OnnxMessage().Text(1, "location").Text(2, _externalFile)).Int(14, 1);
    }
}
