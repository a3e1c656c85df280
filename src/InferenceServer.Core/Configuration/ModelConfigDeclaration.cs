using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Configuration;

/// <summary>Checks a configuration as far as that goes without the model, before a backend loads anything.</summary>
public static class ModelConfigDeclaration
{
    /// <summary>Applies every rule that needs no model and reports all that is wrong at once.</summary>
    /// <param name="document">The configuration, or <see cref="ModelConfigDocument.Empty"/>.</param>
    /// <param name="facts">What lies in the model's folder.</param>
    /// <param name="backends">The backends that this server has.</param>
    /// <param name="declared">What to load, when nothing is wrong.</param>
    /// <param name="problems">Everything that is wrong, in the order of the file; the document's own problems, if it has any.</param>
    public static bool TryDeclare(
        ModelConfigDocument document,
        ModelFolderFacts facts,
        IReadOnlyList<BackendDescriptor> backends,
        [NotNullWhen(true)] out DeclaredModelConfig? declared,
        out ImmutableArray<ConfigProblem> problems)
    {
        declared = null;
        problems = document.Problems;
        if (!problems.IsEmpty)
        {
            // What a half-read file lacks is no mistake of its own.
            return false;
        }

        var context = new RuleContext(document, facts, backends);
        foreach (var rule in ConfigRules.All)
        {
            rule.Check(context);
        }

        problems = context.Problems.ToImmutable();
        if (!problems.IsEmpty || context.Backend is not { } backend)
        {
            return false;
        }

        var message = context.Message;
        var isBatching = context.MaxBatchSize > 0;
        declared = new DeclaredModelConfig
        {
            Name = facts.ModelName,
            Backend = backend,
            ModelFilename = message.DefaultModelFilename.Length > 0 ? message.DefaultModelFilename : backend.ModelFilenames.FirstOrDefault(facts.HasFile) ?? backend.DefaultModelFilename,
            NamesModelFile = message.DefaultModelFilename.Length > 0,
            VersionPolicy = VersionPolicies.Of(message),
            DeclaredMaxBatchSize = context.MaxBatchSize,
            ModelInputs = [.. DeclaredTensor.InputsOf(message).Concat(DeclaredTensor.GeneratedOf(message)).Select(tensor => SpecOf(tensor, isBatching))],
            ModelOutputs = [.. DeclaredTensor.OutputsOf(message).Concat(DeclaredSequenceTensors.StateOutputsOf(message)).DistinctBy(static tensor => tensor.Name).Select(tensor => SpecOf(tensor, isBatching))],
            IsDecoupled = message.ModelTransactionPolicy is { Decoupled: true },
            UsesResponseCache = message.ResponseCache is { Enable: true },
            Parameters = message.Parameters.Where(static entry => !ServerParameters.Has(entry.Key)).ToImmutableDictionary(static entry => entry.Key, static entry => entry.Value.StringValue),
            Residency = ResidencyRule.ResidencyOf(message),
            IdleUnload = ResidencyRule.IdleUnloadOf(message),
            Ensemble = EnsembleConfig.Of(message),
            GraphOptimizationLevel = message.Optimization?.Graph?.Level,
            OperatorLibraries = [.. message.ModelOperations?.OpLibraryFilename ?? []],
            Accelerators = AcceleratorRule.Of(message),
            InstanceGroups = Completion.InstanceGroups.Of(message, facts.ModelName),
            Document = document,
            Warnings = context.Warnings.ToImmutable(),
        };
        return true;
    }

    private static TensorSpec SpecOf(DeclaredTensor tensor, bool isBatching)
    {
        if (tensor.IsFlat || tensor.IsWhole)
        {
            return new TensorSpec(tensor.Name, tensor.Type, tensor.IsFlat ? new TensorShape(TensorShape.Free) : new TensorShape(tensor.Dims.AsSpan())) { IsOptional = tensor.IsOptional };
        }

        var shape = new TensorShape((tensor.Reshape ?? tensor.Dims).AsSpan());
        return new TensorSpec(tensor.Name, tensor.Type, isBatching ? shape.Prepend(TensorShape.Free) : shape) { IsOptional = tensor.IsOptional };
    }
}
