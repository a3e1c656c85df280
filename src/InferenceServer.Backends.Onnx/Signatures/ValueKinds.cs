using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace InferenceServer.Backends.Onnx.Signatures;

/// <summary>Says in words what a value that is not a plain tensor is.</summary>
internal static class ValueKinds
{
    /// <summary>Such as "a sequence of maps from BYTES to FP32".</summary>
    public static string Describe(NodeMetadata metadata) => metadata.OnnxValueType switch
    {
        OnnxValueType.ONNX_TYPE_SEQUENCE => $"a sequence of {Plural(metadata.AsSequenceMetadata().ElementMeta)}",
        OnnxValueType.ONNX_TYPE_MAP => $"a map {KeysAndValues(metadata)}",
        OnnxValueType.ONNX_TYPE_OPTIONAL => "an optional value",
        OnnxValueType.ONNX_TYPE_SPARSETENSOR => "a sparse tensor",
        _ => "of a kind of its own",
    };

    /// <summary>How the value is put into tensors; <see cref="OutputForm.Tensor"/> for those that cannot be, too.</summary>
    public static OutputForm FormOf(NodeMetadata metadata) => metadata.OnnxValueType switch
    {
        OnnxValueType.ONNX_TYPE_MAP when HoldsTensors(metadata) => OutputForm.Map,
        OnnxValueType.ONNX_TYPE_SEQUENCE => metadata.AsSequenceMetadata().ElementMeta switch
        {
            { OnnxValueType: OnnxValueType.ONNX_TYPE_TENSOR } => OutputForm.Pieces,
            { OnnxValueType: OnnxValueType.ONNX_TYPE_MAP } element when HoldsTensors(element) => OutputForm.MapRows,
            _ => OutputForm.Tensor,
        },
        _ => OutputForm.Tensor,
    };

    private static bool HoldsTensors(NodeMetadata map) => map.AsMapMetadata().ValueMetadata.OnnxValueType == OnnxValueType.ONNX_TYPE_TENSOR;

    private static string Plural(NodeMetadata element) => element.OnnxValueType switch
    {
        OnnxValueType.ONNX_TYPE_MAP => $"maps {KeysAndValues(element)}",
        OnnxValueType.ONNX_TYPE_TENSOR => $"{Name(element.ElementDataType)} tensors",
        _ => "other values",
    };

    private static string KeysAndValues(NodeMetadata metadata)
    {
        var map = metadata.AsMapMetadata();
        var value = map.ValueMetadata.OnnxValueType == OnnxValueType.ONNX_TYPE_TENSOR ? Name(map.ValueMetadata.ElementDataType) : Plural(map.ValueMetadata);
        return $"from {Name(map.KeyDataType)} to {value}";
    }

    private static string Name(TensorElementType type) =>
        ElementTypes.ToServer(type) is var known && known != TensorDataType.Invalid ? known.ProtocolName() : type.ToString();
}
