using System.Globalization;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>The element type of an npy file.</summary>
/// <param name="DataType">What the elements are in a tensor.</param>
/// <param name="Kind">How they lie in the file.</param>
/// <param name="ItemSize">How many bytes each takes there; 0 for strings that are all empty.</param>
/// <param name="IsBigEndian">Whether the first byte of each, or of each code point, is the highest.</param>
internal readonly record struct NpyType(TensorDataType DataType, NpyElementKind Kind, int ItemSize, bool IsBigEndian)
{
    /// <summary>Reads what NumPy calls the type string, such as <c>&lt;f4</c>.</summary>
    /// <returns>False for a type that tensors do not have.</returns>
    public static bool TryParse(ReadOnlySpan<char> descr, out NpyType type)
    {
        type = default;
        var isBigEndian = descr is ['>', ..];
        if (descr is ['<' or '>' or '|' or '=', ..])
        {
            descr = descr[1..];
        }

        if (descr.Length < 2 || !int.TryParse(descr[1..], NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            return false;
        }

        switch (descr[0])
        {
            case 'S':
                type = new NpyType(TensorDataType.Bytes, NpyElementKind.ByteStrings, size, false);
                return true;
            case 'U':
                type = new NpyType(TensorDataType.Bytes, NpyElementKind.CodePoints, size <= int.MaxValue / 4 ? size * 4 : 0, isBigEndian);
                return size <= int.MaxValue / 4;
            default:
                var dataType = OfFixedSize(descr[0], size);
                type = new NpyType(dataType, NpyElementKind.Fixed, size, isBigEndian && size > 1);
                return dataType != TensorDataType.Invalid;
        }
    }

    /// <summary>The type string of a tensor's elements; <paramref name="width"/> is the longest of them where they vary.</summary>
    public static string Describe(TensorDataType type, int width) => type switch
    {
        TensorDataType.Bool => "|b1",
        TensorDataType.UInt8 => "|u1",
        TensorDataType.UInt16 => "<u2",
        TensorDataType.UInt32 => "<u4",
        TensorDataType.UInt64 => "<u8",
        TensorDataType.Int8 => "|i1",
        TensorDataType.Int16 => "<i2",
        TensorDataType.Int32 => "<i4",
        TensorDataType.Int64 => "<i8",
        TensorDataType.Fp16 => "<f2",
        TensorDataType.Fp32 => "<f4",
        TensorDataType.Fp64 => "<f8",
        TensorDataType.Bf16 => "<V2",
        TensorDataType.Bytes => string.Create(CultureInfo.InvariantCulture, $"|S{width}"),
        _ => throw new InvalidOperationException($"there are no tensors of the type {type}"),
    };

    private static TensorDataType OfFixedSize(char letter, int size) => (letter, size) switch
    {
        ('b', 1) => TensorDataType.Bool,
        ('u', 1) => TensorDataType.UInt8,
        ('u', 2) => TensorDataType.UInt16,
        ('u', 4) => TensorDataType.UInt32,
        ('u', 8) => TensorDataType.UInt64,
        ('i', 1) => TensorDataType.Int8,
        ('i', 2) => TensorDataType.Int16,
        ('i', 4) => TensorDataType.Int32,
        ('i', 8) => TensorDataType.Int64,
        ('f', 2) => TensorDataType.Fp16,
        ('f', 4) => TensorDataType.Fp32,
        ('f', 8) => TensorDataType.Fp64,

        // NumPy has no bfloat16 of its own: what adds it writes elements of two bytes without a meaning.
        ('V', 2) => TensorDataType.Bf16,
        _ => TensorDataType.Invalid,
    };
}
