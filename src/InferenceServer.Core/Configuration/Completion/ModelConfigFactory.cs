using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>From the completed message to the record that the server works with.</summary>
internal static class ModelConfigFactory
{
    public static ModelConfig Create(CompletionContext context)
    {
        var message = context.Message;
        var signature = context.Signature;
        var isBatching = message.MaxBatchSize > 0;
        return new ModelConfig
        {
            Name = message.Name,
            Backend = message.Backend,
            Platform = message.Platform,
            ModelFilename = context.Declared.ModelFilename,
            MaxBatchSize = message.MaxBatchSize,
            HasGrowingBatches = context.Options.IsDefaultUnchosen && context.SaysNothingOfBatches && message.MaxBatchSize > 1 && !context.Declared.IsDecoupled,
            HasDefaultInstances = context.SaysNothingOfInstances,
            Inputs = [.. DeclaredTensor.InputsOf(message).Select(tensor => Tensor(tensor, signature.Inputs, isBatching))],
            Outputs = [.. DeclaredTensor.OutputsOf(message).Select(tensor => Tensor(tensor, signature.Outputs, isBatching))],
            BatchInputs = BatchSettings.InputsOf(message),
            BatchOutputs = BatchSettings.OutputsOf(message),
            VersionPolicy = context.Declared.VersionPolicy,
            InstanceGroups = [.. message.InstanceGroup.Select(Completion.InstanceGroups.Read)],
            DynamicBatching = BatchingSettings.Of(message),
            SequenceBatching = SequenceSettings.Of(message),
            IsDecoupled = context.Declared.IsDecoupled,
            UsesResponseCache = context.Declared.UsesResponseCache,
            Parameters = context.Declared.Parameters,
            Warmup = WarmupSettings.Of(message),
            AllowsAutomaticWarmup = message.ModelWarmup.Count == 0 && message.Input.Any(static input => !input.Optional) && !context.Declared.IsDecoupled
                && (AutomaticWarmupRule.Of(message) ?? (context.Declared.Backend.AllowsAutomaticWarmup && !signature.KeepsState)),
            MetricTags = message.MetricTags.ToImmutableSortedDictionary(StringComparer.Ordinal),
            FirstResponseBounds = MetricSettings.FirstResponseBounds(message),
            DurationBounds = MetricSettings.DurationBounds(message),
            Warnings = context.Declared.Warnings,
            Message = message,
        };
    }

    private static ModelTensor Tensor(DeclaredTensor tensor, ImmutableArray<TensorSpec> signature, bool isBatching)
    {
        var dims = new TensorShape(tensor.Dims.AsSpan());
        var isScalar = !isBatching && signature.First(spec => spec.Name == tensor.Name).Shape.Rank == 0;
        var modelDims = isScalar ? TensorShape.Scalar : tensor.Reshape is { } reshape ? new TensorShape(reshape.AsSpan()) : dims;
        return new ModelTensor(tensor.Name, tensor.Type)
        {
            Dims = dims,
            Shape = isBatching ? dims.Prepend(TensorShape.Free) : dims,
            ModelShape = tensor.IsFlat ? new TensorShape(TensorShape.Free) : isBatching ? modelDims.Prepend(TensorShape.Free) : modelDims,
            HasReshape = !tensor.IsFlat && modelDims != dims,
            AllowsRagged = tensor.IsFlat && tensor.Kind == "input",
            IsOptional = tensor.IsOptional,
            LabelFilename = tensor.LabelFilename.Length > 0 ? tensor.LabelFilename : null,
        };
    }
}
