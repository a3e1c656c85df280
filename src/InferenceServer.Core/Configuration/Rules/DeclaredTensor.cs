using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>An input or output as the file declares it: what the two messages for them have in common.</summary>
/// <param name="Path">Its path in the file, such as <c>input[0]</c>.</param>
/// <param name="Kind">The word for it: <c>input</c> or <c>output</c>.</param>
/// <param name="Name">Its name; empty when the file gives none.</param>
/// <param name="Type">The element type.</param>
/// <param name="Dims">The dimensions that clients see, without the batch dimension.</param>
/// <param name="Reshape">The dimensions that the model sees, without the batch dimension; null when they are the same.</param>
internal sealed record DeclaredTensor(
    string Path, string Kind, string Name, TensorDataType Type, ImmutableArray<long> Dims, ImmutableArray<long>? Reshape)
{
    public bool IsOptional { get; init; }

    public string LabelFilename { get; init; } = "";

    /// <summary>True when the model sees all elements of all requests in one dimension: a ragged input, or an output that is cut by the shapes of one.</summary>
    public bool IsFlat { get; init; }

    /// <summary>True for an input that tells of a batch; its dimensions are the whole shape.</summary>
    public bool IsWhole { get; init; }

    /// <summary>True for an input that tells of a sequence: one element a row.</summary>
    public bool IsControl { get; init; }

    /// <summary>True for a control that is the id of the sequence.</summary>
    public bool IsId { get; init; }

    /// <summary>True for an input or output that is kept for a sequence.</summary>
    public bool IsState { get; init; }

    /// <summary>Where its name stands in the file.</summary>
    public string NamePath
    {
        get => field ?? $"{Path}.name";
        init;
    }

    /// <summary>Where its type stands in the file.</summary>
    public string TypePath
    {
        get => field ?? $"{Path}.data_type";
        init;
    }

    /// <summary>How messages call it.</summary>
    public string Words => Name.Length > 0 ? $"{Kind} '{Name}'" : Path;

    public static ImmutableArray<DeclaredTensor> InputsOf(global::Inference.ModelConfig message) =>
        [.. message.Input.Select(static (input, i) => new DeclaredTensor(
            PathOf("input", i), "input", input.Name, (TensorDataType)input.DataType, [.. input.Dims], ShapeOf(input.Reshape)) { IsOptional = input.Optional, IsFlat = input.AllowRaggedBatch })];

    public static ImmutableArray<DeclaredTensor> OutputsOf(global::Inference.ModelConfig message) =>
        [.. message.Output.Select((output, i) => new DeclaredTensor(
            PathOf("output", i), "output", output.Name, (TensorDataType)output.DataType, [.. output.Dims], ShapeOf(output.Reshape))
        {
            LabelFilename = output.LabelFilename,
            IsFlat = message.BatchOutput.Any(scattered => scattered.TargetName.Contains(output.Name)),
        })];

    /// <summary>The inputs of the model that the server makes: those that tell of a batch or of a sequence, and the states.</summary>
    public static ImmutableArray<DeclaredTensor> GeneratedOf(global::Inference.ModelConfig message) =>
        [.. BatchInputsOf(message), .. DeclaredSequenceTensors.InputsOf(message)];

    public static string PathOf(string kind, int index) => FormattableString.Invariant($"{kind}[{index}]");

    private static IEnumerable<DeclaredTensor> BatchInputsOf(global::Inference.ModelConfig message) =>
        message.BatchInput.SelectMany((made, i) => made.TargetName.Select((name, target) => BatchInputOf(message, made, name, PathOf($"{PathOf("batch_input", i)}.target_name", target))));

    private static DeclaredTensor BatchInputOf(global::Inference.ModelConfig message, global::Inference.BatchInput made, string name, string path) =>
        new(path, "batch input", name, (TensorDataType)made.DataType, BatchSettings.DimsOf(message, made), null) { IsWhole = true, NamePath = path, TypePath = path };

    private static ImmutableArray<long>? ShapeOf(global::Inference.ModelTensorReshape? reshape) => reshape is null ? null : [.. reshape.Shape];
}
