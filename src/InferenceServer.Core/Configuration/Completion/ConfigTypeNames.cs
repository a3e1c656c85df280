using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>The names that configuration files give the element types.</summary>
internal static class ConfigTypeNames
{
    public static string Of(TensorDataType type) => type == TensorDataType.Bytes ? "TYPE_STRING" : $"TYPE_{type.ProtocolName()}";

    /// <summary>The dimensions as a file would write them.</summary>
    public static string Dims(TensorShape shape) => $"dims: [ {string.Join(", ", shape.AsSpan().ToArray())} ]";
}
