using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;

namespace InferenceServer.Backends.TestKit.Contract;

/// <summary>Eight elements of each type that a careless copy would spoil: extremes, NaNs with payloads, empty strings.</summary>
public static class ContractValues
{
    public const int Count = 8;

    public static TestTensor Of(TensorDataType type, string name, TensorShape shape) => type switch
    {
        TensorDataType.Bool => TestTensor.Of<byte>(name, type, shape, 0, 1, 1, 0, 0, 0, 1, 1),
        TensorDataType.UInt8 => TestTensor.Of<byte>(name, type, shape, 0, 1, 127, 128, 254, 255, 13, 10),
        TensorDataType.Int8 => TestTensor.Of<sbyte>(name, type, shape, 0, 1, -1, sbyte.MinValue, sbyte.MaxValue, 13, -13, 42),
        TensorDataType.UInt16 => TestTensor.Of<ushort>(name, type, shape, 0, 1, 255, 256, 32768, ushort.MaxValue, 13, 42),
        TensorDataType.Int16 => TestTensor.Of<short>(name, type, shape, 0, 1, -1, short.MinValue, short.MaxValue, 256, -256, 42),
        TensorDataType.UInt32 => TestTensor.Of<uint>(name, type, shape, 0, 1, 65536, 1u << 31, uint.MaxValue, 7, 13, 42),
        TensorDataType.Int32 => TestTensor.Of(name, type, shape, 0, 1, -1, int.MinValue, int.MaxValue, 65536, -65536, 42),
        TensorDataType.UInt64 => TestTensor.Of<ulong>(name, type, shape, 0, 1, 1ul << 32, 1ul << 53, (1ul << 53) + 1, 1ul << 63, ulong.MaxValue, 42),
        TensorDataType.Int64 => TestTensor.Of(name, type, shape, 0, 1, -1, long.MinValue, long.MaxValue, (1L << 53) + 1, -(1L << 53) - 1, 42),

        // Zero of both signs, the smallest, the largest, infinity, a quiet and a signalling NaN with payloads, one.
        TensorDataType.Fp16 => TestTensor.Of<ushort>(name, type, shape, 0, 0x8000, 1, 0x7BFF, 0x7C00, 0x7E2A, 0xFD15, 0x3C00),
        TensorDataType.Bf16 => TestTensor.Of<ushort>(name, type, shape, 0, 0x8000, 1, 0x7F7F, 0x7F80, 0x7FEA, 0xFF95, 0x3F80),
        TensorDataType.Fp32 => TestTensor.Of<uint>(
            name, type, shape, 0, 0x80000000, 1, 0x7F7FFFFF, 0x7F800000, 0x7FC0BEEF, 0xFF80CAFE, 0x3F800000),
        TensorDataType.Fp64 => TestTensor.Of<ulong>(
            name, type, shape, 0, 1ul << 63, 1, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000, 0x7FF800000000BEEF, 0xFFF000000000CAFE, 0x3FF0000000000000),
        TensorDataType.Bytes => TestTensor.Bytes(
            name, shape, "plain"u8.ToArray(), [], "Grüße, 世界 🌍"u8.ToArray(), [0], "a\0b"u8.ToArray(), " "u8.ToArray(), Encoding.UTF8.GetBytes(new string('x', 300)), []),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a type that a tensor can have"),
    };
}
