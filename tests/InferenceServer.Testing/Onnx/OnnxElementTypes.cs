using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Testing.Onnx;

/// <summary>The server's element types in ONNX's numbers.</summary>
public static class OnnxElementTypes
{
    public static OnnxElementType ToOnnx(this TensorDataType type) => type switch
    {
        TensorDataType.Bool => OnnxElementType.Bool,
        TensorDataType.UInt8 => OnnxElementType.UInt8,
        TensorDataType.UInt16 => OnnxElementType.UInt16,
        TensorDataType.UInt32 => OnnxElementType.UInt32,
        TensorDataType.UInt64 => OnnxElementType.UInt64,
        TensorDataType.Int8 => OnnxElementType.Int8,
        TensorDataType.Int16 => OnnxElementType.Int16,
        TensorDataType.Int32 => OnnxElementType.Int32,
        TensorDataType.Int64 => OnnxElementType.Int64,
        TensorDataType.Fp16 => OnnxElementType.Float16,
        TensorDataType.Fp32 => OnnxElementType.Float,
        TensorDataType.Fp64 => OnnxElementType.Double,
        TensorDataType.Bytes => OnnxElementType.String,
        TensorDataType.Bf16 => OnnxElementType.BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a type that a tensor can have"),
    };
}
