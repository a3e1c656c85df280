using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>The typed elements of an input, where they lie in a message: one field of <c>InferTensorContents</c> (KServe v2 over gRPC, tensor contents).</summary>
/// <param name="Field">The number of the field; 0 for none.</param>
/// <param name="Offset">Where the elements begin; of BYTES, with the tag of the first.</param>
/// <param name="Length">How many bytes they take there.</param>
/// <param name="Count">How many BYTES there are; 0 for other types, whose elements are counted as they are read.</param>
/// <param name="TextBytes">How many bytes those have together.</param>
internal readonly record struct PlainContents(int Field, long Offset, long Length, long Count, long TextBytes)
{
    public const int Bool = 1;
    public const int Int = 2;
    public const int Int64 = 3;
    public const int UInt = 4;
    public const int UInt64 = 5;
    public const int Fp32 = 6;
    public const int Fp64 = 7;
    public const int Bytes = 8;

    /// <summary>The field for a data type; 0 for those that the protocol gives no typed form.</summary>
    public static int FieldOf(TensorDataType type) => type switch
    {
        TensorDataType.Bool => Bool,
        TensorDataType.Int8 or TensorDataType.Int16 or TensorDataType.Int32 => Int,
        TensorDataType.Int64 => Int64,
        TensorDataType.UInt8 or TensorDataType.UInt16 or TensorDataType.UInt32 => UInt,
        TensorDataType.UInt64 => UInt64,
        TensorDataType.Fp32 => Fp32,
        TensorDataType.Fp64 => Fp64,
        TensorDataType.Bytes => Bytes,
        _ => 0,
    };
}
