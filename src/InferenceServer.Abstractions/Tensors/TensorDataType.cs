namespace InferenceServer.Abstractions.Tensors;

/// <summary>
/// The element type of a tensor. The numbers are those of the <c>DataType</c> enumeration in Triton's model configuration, so
/// that a configuration file and the wire agree without a table between them.
/// </summary>
public enum TensorDataType : byte
{
    /// <summary>No type; never the type of a tensor that exists.</summary>
    Invalid = 0,

    /// <summary>One byte an element, 0 or 1.</summary>
    Bool = 1,

    /// <summary>Unsigned, 8 bits.</summary>
    UInt8 = 2,

    /// <summary>Unsigned, 16 bits, little endian.</summary>
    UInt16 = 3,

    /// <summary>Unsigned, 32 bits, little endian.</summary>
    UInt32 = 4,

    /// <summary>Unsigned, 64 bits, little endian.</summary>
    UInt64 = 5,

    /// <summary>Two's complement, 8 bits.</summary>
    Int8 = 6,

    /// <summary>Two's complement, 16 bits, little endian.</summary>
    Int16 = 7,

    /// <summary>Two's complement, 32 bits, little endian.</summary>
    Int32 = 8,

    /// <summary>Two's complement, 64 bits, little endian.</summary>
    Int64 = 9,

    /// <summary>IEEE 754 binary16.</summary>
    Fp16 = 10,

    /// <summary>IEEE 754 binary32.</summary>
    Fp32 = 11,

    /// <summary>IEEE 754 binary64.</summary>
    Fp64 = 12,

    /// <summary>
    /// Byte strings of any length. In memory, as on the wire (KServe v2, binary tensor data extension), each element is its length
    /// as a little-endian 32-bit unsigned number, followed by that many bytes; elements follow one another without padding.
    /// </summary>
    Bytes = 13,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    Bf16 = 14,
}
