using InferenceServer.Abstractions.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>What reads and writes columns, by their types.</summary>
internal static class ColumnMaker
{
    public static IInputColumn Input(TensorDataType element, DataViewType type) => element switch
    {
        TensorDataType.Bytes => new TextColumn(type),
        TensorDataType.Bool => new NumberColumn<bool>(type),
        TensorDataType.Int8 => new NumberColumn<sbyte>(type),
        TensorDataType.Int16 => new NumberColumn<short>(type),
        TensorDataType.Int32 => new NumberColumn<int>(type),
        TensorDataType.Int64 => new NumberColumn<long>(type),
        TensorDataType.UInt8 => new NumberColumn<byte>(type),
        TensorDataType.UInt16 => new NumberColumn<ushort>(type),
        TensorDataType.UInt32 => new NumberColumn<uint>(type),
        TensorDataType.UInt64 => new NumberColumn<ulong>(type),
        TensorDataType.Fp64 => new NumberColumn<double>(type),
        _ => new NumberColumn<float>(type),
    };

    public static IOutputColumn Output(int place, TensorSpec spec, DataViewRow row, DataViewSchema.Column column) => spec.DataType switch
    {
        TensorDataType.Bytes => new TextOutput(place, spec, row, column),
        TensorDataType.Bool => new NumberOutput<bool>(place, spec, row, column),
        TensorDataType.Int8 => new NumberOutput<sbyte>(place, spec, row, column),
        TensorDataType.Int16 => new NumberOutput<short>(place, spec, row, column),
        TensorDataType.Int32 => new NumberOutput<int>(place, spec, row, column),
        TensorDataType.Int64 => new NumberOutput<long>(place, spec, row, column),
        TensorDataType.UInt8 => new NumberOutput<byte>(place, spec, row, column),
        TensorDataType.UInt16 => new NumberOutput<ushort>(place, spec, row, column),
        TensorDataType.UInt32 => new NumberOutput<uint>(place, spec, row, column),
        TensorDataType.UInt64 => new NumberOutput<ulong>(place, spec, row, column),
        TensorDataType.Fp64 => new NumberOutput<double>(place, spec, row, column),
        _ => new NumberOutput<float>(place, spec, row, column),
    };
}
