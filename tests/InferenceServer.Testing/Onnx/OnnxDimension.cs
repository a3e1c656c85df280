namespace InferenceServer.Testing.Onnx;

/// <summary>A dimension of a declared shape: a size, or the name of one that may vary.</summary>
public readonly record struct OnnxDimension(long Size, string? Symbol)
{
    public static implicit operator OnnxDimension(long size) => FromInt64(size);

    public static implicit operator OnnxDimension(string symbol) => FromString(symbol);

    public static OnnxDimension FromInt64(long size) => new(size, null);

    public static OnnxDimension FromString(string symbol) => new(0, symbol);
}
