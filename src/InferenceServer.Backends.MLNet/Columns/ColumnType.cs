using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Columns;

/// <summary>What a column's type is as a tensor.</summary>
/// <param name="Element">The element type.</param>
/// <param name="Shape">The shape, rows first: a scalar column is [-1, 1], a vector of unknown length [-1, -1].</param>
internal sealed record ColumnType(TensorDataType Element, TensorShape Shape)
{
    /// <summary>The tensor; null when there is none that could hold such values.</summary>
    public static ColumnType? Of(DataViewType type)
    {
        if (ElementOf(type is VectorDataViewType vector ? vector.ItemType : type) is not { } element)
        {
            return null;
        }

        long[] dimensions = type is VectorDataViewType { IsKnownSize: true } known ? [-1, .. known.Dimensions.Select(static size => (long)size)] : type is VectorDataViewType ? [-1, -1] : [-1, 1];
        return dimensions.Length > TensorShape.MaxRank ? null : new ColumnType(element, new TensorShape(dimensions));
    }

    // A key is the number of a category from 1 on, in an unsigned type of its own; 0 is none.
    private static TensorDataType? ElementOf(DataViewType type) => type switch
    {
        TextDataViewType => TensorDataType.Bytes,
        BooleanDataViewType => TensorDataType.Bool,
        NumberDataViewType or KeyDataViewType => Type.GetTypeCode(type.RawType) switch
        {
            TypeCode.SByte => TensorDataType.Int8,
            TypeCode.Int16 => TensorDataType.Int16,
            TypeCode.Int32 => TensorDataType.Int32,
            TypeCode.Int64 => TensorDataType.Int64,
            TypeCode.Byte => TensorDataType.UInt8,
            TypeCode.UInt16 => TensorDataType.UInt16,
            TypeCode.UInt32 => TensorDataType.UInt32,
            TypeCode.UInt64 => TensorDataType.UInt64,
            TypeCode.Single => TensorDataType.Fp32,
            TypeCode.Double => TensorDataType.Fp64,
            _ => null,
        },
        _ => null,
    };
}
