using System.Buffers.Binary;
using System.Text;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Tests.Payloads;

/// <summary>Npy files as NumPy writes them, put together by hand.</summary>
internal static class NpyFile
{
    /// <summary>A file of any literal.</summary>
    public static byte[] Of(string literal, ReadOnlySpan<byte> data, byte major = 1)
    {
        var header = Encoding.UTF8.GetBytes(literal);
        var length = new byte[major == 1 ? 2 : 4];
        if (major == 1)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)header.Length);
        }

        return [0x93, .. "NUMPY"u8, major, 0, .. length, .. header, .. data];
    }

    /// <summary>A file of NumPy's usual literal.</summary>
    public static byte[] Of(string descr, bool isFortran, string shape, ReadOnlySpan<byte> data, byte major = 1) =>
        Of($"{{'descr': '{descr}', 'fortran_order': {(isFortran ? "True" : "False")}, 'shape': {shape}, }}         \n", data, major);

    /// <summary>A shape as Python writes a tuple.</summary>
    public static string Tuple(in TensorShape shape) => shape.Rank == 1 ? $"({shape[0]},)" : $"({string.Join(", ", shape.AsSpan().ToArray())})";

    /// <summary>The type string of the type, as NumPy has it.</summary>
    public static string Descr(TensorDataType type) => type switch
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
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
