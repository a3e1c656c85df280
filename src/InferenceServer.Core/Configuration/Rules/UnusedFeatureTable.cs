using System.Collections.Immutable;
using static global::Inference.ModelOptimizationPolicy.Types;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Every feature of the message that this server does not act upon: a feature that comes to work loses its row.</summary>
internal static class UnusedFeatureTable
{
    private const string Gpu = "it concerns GPUs, whose memory and work are left to the backend";

    public static ImmutableArray<UnusedFeature> Rows { get; } =
    [
        // Without these the answers would differ, or something would be less protected than the file says.
        Refused("ModelInput.is_shape_tensor", static m => Inputs(m, static i => i.IsShapeTensor, "is_shape_tensor"), "it concerns TensorRT"),
        Refused("ModelOutput.is_shape_tensor", static m => Outputs(m, static o => o.IsShapeTensor, "is_shape_tensor"), "it concerns TensorRT"),
        Refused("ModelInput.is_non_linear_format_io", static m => Inputs(m, static i => i.IsNonLinearFormatIo, "is_non_linear_format_io"), "it concerns TensorRT"),
        Refused("ModelOutput.is_non_linear_format_io", static m => Outputs(m, static o => o.IsNonLinearFormatIo, "is_non_linear_format_io"), "it concerns TensorRT"),
        Refused("ModelConfig.model_repository_agents", static m => If(m.ModelRepositoryAgents is { Agents.Count: > 0 }, "model_repository_agents"), "the check that they stand for would not be made"),
        Refused("ModelInstanceGroup.secondary_devices", static m => Groups(m, static g => g.SecondaryDevices.Count > 0, "secondary_devices"), Gpu),
        Refused("ModelConfig.runtime", static m => If(m.Runtime.Length > 0, "runtime"), "a backend has one runtime here"),
        Refused("ModelConfig.cc_model_filenames", static m => If(m.CcModelFilenames.Count > 0, "cc_model_filenames"), Gpu),

        // Without these every answer is the same.
        Ignored("ModelInstanceGroup.profile", static m => Groups(m, static g => g.Profile.Count > 0, "profile"), "it concerns TensorRT"),
        Ignored("ModelInput.format", static m => Inputs(m, static i => i.Format != global::Inference.ModelInput.Types.Format.None, "format"), "it is a hint that no backend here reads"),
        Ignored("ModelOptimizationPolicy.priority", static m => If(m.Optimization is { Priority: not ModelPriority.PriorityDefault }, "optimization.priority"), "every model has the same priority"),
        Ignored("ModelOptimizationPolicy.cuda", static m => If(m.Optimization?.Cuda is not null, "optimization.cuda"), Gpu),
        Ignored("ModelOptimizationPolicy.input_pinned_memory", static m => If(m.Optimization?.InputPinnedMemory is { Enable: false }, "optimization.input_pinned_memory"), Gpu),
        Ignored("ModelOptimizationPolicy.output_pinned_memory", static m => If(m.Optimization?.OutputPinnedMemory is { Enable: false }, "optimization.output_pinned_memory"), Gpu),
        Ignored("ModelOptimizationPolicy.gather_kernel_buffer_threshold", static m => If(m.Optimization is { GatherKernelBufferThreshold: > 0 }, "optimization.gather_kernel_buffer_threshold"), Gpu),
        Ignored("ModelSequenceBatching.State.use_same_buffer_for_input_output", static m => States(m, static s => s.UseSameBufferForInputOutput, "use_same_buffer_for_input_output"), "a state is handed on without a copy where its sequence is executed alone"),
        Ignored("ModelSequenceBatching.State.use_growable_memory", static m => States(m, static s => s.UseGrowableMemory, "use_growable_memory"), Gpu),
        Ignored("ModelOptimizationPolicy.eager_batching", static m => If(m.Optimization is { EagerBatching: true }, "optimization.eager_batching"), "a batch is formed when an instance takes it"),
    ];

    private static UnusedFeature Refused(string field, Func<global::Inference.ModelConfig, IEnumerable<string>> paths, string note) => new(field, paths, true, note);

    private static UnusedFeature Ignored(string field, Func<global::Inference.ModelConfig, IEnumerable<string>> paths, string note) => new(field, paths, false, note);

    private static IEnumerable<string> If(bool isUsed, string path) => isUsed ? [path] : [];

    private static IEnumerable<string> Inputs(global::Inference.ModelConfig message, Func<global::Inference.ModelInput, bool> isUsed, string field) =>
        Each(message.Input, isUsed, "input", field);

    private static IEnumerable<string> Outputs(global::Inference.ModelConfig message, Func<global::Inference.ModelOutput, bool> isUsed, string field) =>
        Each(message.Output, isUsed, "output", field);

    private static IEnumerable<string> Groups(global::Inference.ModelConfig message, Func<global::Inference.ModelInstanceGroup, bool> isUsed, string field) =>
        Each(message.InstanceGroup, isUsed, "instance_group", field);

    private static IEnumerable<string> States(global::Inference.ModelConfig message, Func<global::Inference.ModelSequenceBatching.Types.State, bool> isUsed, string field) =>
        Each(message.SequenceBatching?.State ?? [], isUsed, "sequence_batching.state", field);

    private static IEnumerable<string> Each<T>(IEnumerable<T> items, Func<T, bool> isUsed, string list, string field) =>
        items.Select((item, i) => isUsed(item) ? $"{DeclaredTensor.PathOf(list, i)}.{field}" : null).OfType<string>();
}
