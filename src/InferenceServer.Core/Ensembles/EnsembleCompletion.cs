using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Completion;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Ensembles;

/// <summary>From what the file of an ensemble says to what it serves by.</summary>
internal static class EnsembleCompletion
{
    /// <summary>The inputs and outputs as clients see them.</summary>
    public static (ImmutableArray<ModelTensor> Inputs, ImmutableArray<ModelTensor> Outputs) TensorsOf(DeclaredModelConfig declared)
    {
        var message = declared.Document.Message;
        var isBatching = declared.DeclaredMaxBatchSize > 0;
        return ([.. DeclaredTensor.InputsOf(message).Select(tensor => Tensor(tensor, isBatching))], [.. DeclaredTensor.OutputsOf(message).Select(tensor => Tensor(tensor, isBatching))]);
    }

    /// <summary>The configuration, with every default filled in.</summary>
    /// <param name="declared">What the file says.</param>
    /// <param name="members">The models of its steps.</param>
    public static ModelConfig Complete(DeclaredModelConfig declared, ImmutableArray<EnsembleMember> members)
    {
        var isDecoupled = members.Any(static member => member.Config.IsDecoupled);
        var message = declared.Document.Message;
        message.Name = declared.Name;
        message.Platform = EnsembleRule.Platform;
        message.VersionPolicy ??= new global::Inference.ModelVersionPolicy();
        if (message.VersionPolicy.PolicyChoiceCase == global::Inference.ModelVersionPolicy.PolicyChoiceOneofCase.None)
        {
            message.VersionPolicy.Latest = new global::Inference.ModelVersionPolicy.Types.Latest { NumVersions = 1 };
        }

        message.ModelTransactionPolicy = new global::Inference.ModelTransactionPolicy { Decoupled = isDecoupled };
        foreach (var step in message.EnsembleScheduling.Step.Where(static step => step.ModelVersion == 0))
        {
            step.ModelVersion = -1;
        }

        var (inputs, outputs) = TensorsOf(declared);
        return new ModelConfig
        {
            Name = declared.Name,
            Backend = "",
            Platform = EnsembleRule.Platform,
            MaxBatchSize = message.MaxBatchSize,
            Inputs = inputs,
            Outputs = outputs,
            VersionPolicy = declared.VersionPolicy,
            InstanceGroups = [],
            IsDecoupled = isDecoupled,
            UsesResponseCache = declared.UsesResponseCache,
            Parameters = declared.Parameters,
            MetricTags = message.MetricTags.ToImmutableSortedDictionary(StringComparer.Ordinal),
            FirstResponseBounds = MetricSettings.FirstResponseBounds(message),
            DurationBounds = MetricSettings.DurationBounds(message),
            Warnings = declared.Warnings,
            Message = message,
            StepModels = [.. members.SelectMany(static member => member.Runs)],
            HasSequenceSteps = members.Any(static member => member.Config.RemembersRequests),
        };
    }

    private static ModelTensor Tensor(DeclaredTensor tensor, bool isBatching)
    {
        var dims = new TensorShape(tensor.Dims.AsSpan());
        var shape = isBatching ? dims.Prepend(TensorShape.Free) : dims;
        return new ModelTensor(tensor.Name, tensor.Type)
        {
            Dims = dims,
            Shape = shape,
            ModelShape = shape,
            IsOptional = tensor.IsOptional,
            LabelFilename = tensor.LabelFilename.Length > 0 ? tensor.LabelFilename : null,
        };
    }
}
