using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Completion;
using Control = global::Inference.ModelSequenceBatching.Types.Control;
using Kind = global::Inference.ModelSequenceBatching.Types.Control.Types.Kind;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>The tensors of the model that no client sends or gets: what tells of a sequence, and what is kept for it.</summary>
internal static class DeclaredSequenceTensors
{
    /// <summary>The types that an id may have, for messages.</summary>
    public const string IdTypes = "TYPE_UINT64, TYPE_INT64, TYPE_UINT32, TYPE_INT32 and TYPE_STRING";

    private const string Controls = "sequence_batching.control_input";
    private const string States = "sequence_batching.state";

    /// <summary>The inputs by which the model learns of the sequence, each with one element a row.</summary>
    public static ImmutableArray<DeclaredTensor> ControlsOf(global::Inference.ModelConfig message) =>
        [.. (message.SequenceBatching?.ControlInput ?? []).Select(static (input, i) => ControlOf(input, DeclaredTensor.PathOf(Controls, i)))];

    /// <summary>The inputs that get the states.</summary>
    public static ImmutableArray<DeclaredTensor> StateInputsOf(global::Inference.ModelConfig message) =>
        [.. (message.SequenceBatching?.State ?? []).Select(static (state, i) => StateOf(state, DeclaredTensor.PathOf(States, i), "state input", state.InputName, "input_name"))];

    /// <summary>The outputs that give them. A client gets one only where it is listed under <c>output</c> too.</summary>
    public static ImmutableArray<DeclaredTensor> StateOutputsOf(global::Inference.ModelConfig message) =>
        [.. (message.SequenceBatching?.State ?? []).Select(static (state, i) => StateOf(state, DeclaredTensor.PathOf(States, i), "state output", state.OutputName, "output_name"))];

    /// <summary>All inputs that the server makes for a sequence: controls and states.</summary>
    public static ImmutableArray<DeclaredTensor> InputsOf(global::Inference.ModelConfig message) => [.. ControlsOf(message), .. StateInputsOf(message)];

    /// <summary>The element type of a control; none when the file does not give one.</summary>
    public static TensorDataType TypeOf(Control control) =>
        control.Kind == Kind.ControlSequenceCorrid ? (TensorDataType)control.DataType
        : control.Int32FalseTrue.Count > 0 ? TensorDataType.Int32
        : control.Fp32FalseTrue.Count > 0 ? TensorDataType.Fp32
        : control.BoolFalseTrue.Count > 0 ? TensorDataType.Bool
        : TensorDataType.Invalid;

    /// <summary>True for a type that an id may have.</summary>
    public static bool IsIdType(global::Inference.DataType type) =>
        (TensorDataType)type is TensorDataType.UInt64 or TensorDataType.Int64 or TensorDataType.UInt32 or TensorDataType.Int32 or TensorDataType.Bytes;

    /// <summary>The name of a kind in files.</summary>
    public static string NameOf(Kind kind) => kind switch
    {
        Kind.ControlSequenceStart => "CONTROL_SEQUENCE_START",
        Kind.ControlSequenceEnd => "CONTROL_SEQUENCE_END",
        Kind.ControlSequenceReady => "CONTROL_SEQUENCE_READY",
        _ => "CONTROL_SEQUENCE_CORRID",
    };

    /// <summary>The name of a type in files; <c>none</c> where there is none.</summary>
    public static string NameOf(global::Inference.DataType type) => type == global::Inference.DataType.TypeInvalid ? "none" : ConfigTypeNames.Of((TensorDataType)type);

    /// <summary>What to write for a control of a model that takes elements of a type.</summary>
    public static string? SuggestType(DeclaredTensor control, TensorDataType type) => type switch
    {
        _ when control.IsId => IsIdType((global::Inference.DataType)type) ? $"write data_type: {ConfigTypeNames.Of(type)}" : $"an id is one of {IdTypes}: export the model with one of these",
        TensorDataType.Int32 => "write int32_false_true: [ 0, 1 ]",
        TensorDataType.Fp32 => "write fp32_false_true: [ 0, 1 ]",
        TensorDataType.Bool => "write bool_false_true: [ false, true ]",
        _ => "the values are TYPE_INT32, TYPE_FP32 or TYPE_BOOL: export the model with one of these",
    };

    private static DeclaredTensor ControlOf(global::Inference.ModelSequenceBatching.Types.ControlInput input, string path)
    {
        var control = input.Control.Count > 0 ? input.Control[0] : new Control();
        var type = TypeOf(control);
        var place = DeclaredTensor.PathOf($"{path}.control", 0);
        return new DeclaredTensor(path, "control input", input.Name, type, [1], null)
        {
            IsControl = true,
            IsId = control.Kind == Kind.ControlSequenceCorrid,
            TypePath = control.Kind == Kind.ControlSequenceCorrid ? $"{place}.data_type" : $"{place}.{type.ProtocolName().ToLowerInvariant()}_false_true",
        };
    }

    private static DeclaredTensor StateOf(global::Inference.ModelSequenceBatching.Types.State state, string path, string kind, string name, string field) =>
        new(path, kind, name, (TensorDataType)state.DataType, [.. state.Dims], null) { IsState = true, NamePath = $"{path}.{field}" };
}
