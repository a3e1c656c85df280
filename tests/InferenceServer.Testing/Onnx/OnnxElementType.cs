namespace InferenceServer.Testing.Onnx;

/// <summary>The element types of ONNX by the numbers of its <c>TensorProto.DataType</c>, those that a server refuses included.</summary>
public enum OnnxElementType
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    UInt32 = 12,
    UInt64 = 13,
    Complex64 = 14,
    Complex128 = 15,
    BFloat16 = 16,
    Float8E4M3FN = 17,
    UInt4 = 21,
    Int4 = 22,
}
