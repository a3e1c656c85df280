namespace InferenceServer.Abstractions.Tensors;

/// <summary>Facts about the element types: their size and their name in the KServe v2 protocol.</summary>
public static class TensorDataTypes
{
    private static readonly string[] s_names =
        ["INVALID", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES", "BF16"];

    private static readonly byte[] s_sizes = [0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 0, 2];

    /// <summary>Every type that a tensor can have, in the order of their numbers.</summary>
    public static ReadOnlySpan<TensorDataType> All =>
    [
        TensorDataType.Bool, TensorDataType.UInt8, TensorDataType.UInt16, TensorDataType.UInt32, TensorDataType.UInt64,
        TensorDataType.Int8, TensorDataType.Int16, TensorDataType.Int32, TensorDataType.Int64,
        TensorDataType.Fp16, TensorDataType.Fp32, TensorDataType.Fp64, TensorDataType.Bytes, TensorDataType.Bf16,
    ];

    /// <summary>Bytes an element, or 0 for <see cref="TensorDataType.Bytes"/>, whose elements vary.</summary>
    public static int ElementSize(this TensorDataType type) => (int)type < s_sizes.Length ? s_sizes[(int)type] : 0;

    /// <summary>The name that KServe v2 gives the type, such as <c>FP32</c>.</summary>
    public static string ProtocolName(this TensorDataType type) => (int)type < s_names.Length ? s_names[(int)type] : s_names[0];

    /// <summary>Reads a KServe v2 type name. The protocol's names are upper case and nothing else is accepted.</summary>
    /// <returns>False, with <see cref="TensorDataType.Invalid"/>, when the text names no type.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out TensorDataType type)
    {
        for (var i = 1; i < s_names.Length; i++)
        {
            if (text.SequenceEqual(s_names[i]))
            {
                type = (TensorDataType)i;
                return true;
            }
        }

        type = TensorDataType.Invalid;
        return false;
    }
}
