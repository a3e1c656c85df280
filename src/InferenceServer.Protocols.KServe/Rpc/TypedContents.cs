using Inference;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Which field of <c>InferTensorContents</c> belongs to which data type (KServe v2 over gRPC, tensor contents).</summary>
internal static class TypedContents
{
    /// <summary>The field for a data type; empty for the two that the protocol gives no typed form.</summary>
    public static string FieldOf(TensorDataType type) => type switch
    {
        TensorDataType.Bool => "bool_contents",
        TensorDataType.Int8 or TensorDataType.Int16 or TensorDataType.Int32 => "int_contents",
        TensorDataType.Int64 => "int64_contents",
        TensorDataType.UInt8 or TensorDataType.UInt16 or TensorDataType.UInt32 => "uint_contents",
        TensorDataType.UInt64 => "uint64_contents",
        TensorDataType.Fp32 => "fp32_contents",
        TensorDataType.Fp64 => "fp64_contents",
        TensorDataType.Bytes => "bytes_contents",
        _ => "",
    };

    /// <summary>Finds the fields that hold elements: none, one, or the first two of more.</summary>
    public static int FindFilled(InferTensorContents contents, out TypedField first, out TypedField second)
    {
        ReadOnlySpan<TypedField> fields =
        [
            new("bool_contents", "BOOL", contents.BoolContents.Count),
            new("int_contents", "INT32", contents.IntContents.Count),
            new("int64_contents", "INT64", contents.Int64Contents.Count),
            new("uint_contents", "UINT32", contents.UintContents.Count),
            new("uint64_contents", "UINT64", contents.Uint64Contents.Count),
            new("fp32_contents", "FP32", contents.Fp32Contents.Count),
            new("fp64_contents", "FP64", contents.Fp64Contents.Count),
            new("bytes_contents", "BYTES", contents.BytesContents.Count),
        ];
        first = second = default;
        var filled = 0;
        foreach (ref readonly var field in fields)
        {
            if (field.Count == 0)
            {
                continue;
            }

            if (filled++ == 0)
            {
                first = field;
            }
            else if (filled == 2)
            {
                second = field;
            }
        }

        return filled;
    }
}
