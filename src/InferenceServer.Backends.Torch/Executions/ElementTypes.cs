using InferenceServer.Abstractions.Tensors;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Executions;

/// <summary>The element types of the protocols and those of libtorch.</summary>
internal static class ElementTypes
{
    private static readonly (TensorDataType Type, ScalarType Engine)[] s_types =
    [
        (TensorDataType.Bool, ScalarType.Bool),
        (TensorDataType.UInt8, ScalarType.Byte),
        (TensorDataType.Int8, ScalarType.Int8),
        (TensorDataType.Int16, ScalarType.Int16),
        (TensorDataType.Int32, ScalarType.Int32),
        (TensorDataType.Int64, ScalarType.Int64),
        (TensorDataType.Fp16, ScalarType.Float16),
        (TensorDataType.Bf16, ScalarType.BFloat16),
        (TensorDataType.Fp32, ScalarType.Float32),
        (TensorDataType.Fp64, ScalarType.Float64),
    ];

    /// <summary>All that the engine has, for a message.</summary>
    public static string Known { get; } = string.Join(", ", s_types.Select(static one => one.Type.ProtocolName()));

    /// <summary>The engine's; null when it has none.</summary>
    public static ScalarType? ToEngine(TensorDataType type)
    {
        foreach (var (known, engine) in s_types)
        {
            if (known == type)
            {
                return engine;
            }
        }

        return null;
    }

    /// <summary>What to call a type of the engine in a message.</summary>
    public static string NameOf(ScalarType engine)
    {
        foreach (var (type, known) in s_types)
        {
            if (known == engine)
            {
                return type.ProtocolName();
            }
        }

        return engine.ToString();
    }
}
