using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Ensembles;

/// <summary>Whether a tensor of one element is true: any number but 0 is, the sign of a zero set aside.</summary>
internal static class TensorTruth
{
    /// <summary>True for a type whose values can be conditions.</summary>
    public static bool IsCondition(TensorDataType type) => type.ElementSize() > 0;

    /// <summary>False when the tensor has not one element.</summary>
    public static bool TryRead(in TensorView tensor, out bool isTrue)
    {
        isTrue = false;
        if (!tensor.Shape.TryGetElementCount(out var count) || count != 1)
        {
            return false;
        }

        var bytes = tensor.Span;
        isTrue = bytes[..^1].ContainsAnyExcept((byte)0) || (bytes[^1] & (IsFloat(tensor.DataType) ? 0x7F : 0xFF)) != 0;
        return true;
    }

    // Little-endian: the sign is the highest bit of the last byte.
    private static bool IsFloat(TensorDataType type) => type is TensorDataType.Fp16 or TensorDataType.Bf16 or TensorDataType.Fp32 or TensorDataType.Fp64;
}
