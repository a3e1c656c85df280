using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>What a configuration says of an ensemble: its steps, in the order of the file. Immutable.</summary>
/// <param name="Steps">The steps; at least one.</param>
/// <param name="MaxInflightRequests">The most requests of one step that are on their way at once, over all requests of the ensemble; 0 for no bound of its own.</param>
internal sealed record EnsembleConfig(ImmutableArray<EnsembleStepConfig> Steps, int MaxInflightRequests)
{
    /// <summary>What a message says; null when it is no ensemble's. Whether it makes sense is a matter of the rules.</summary>
    public static EnsembleConfig? Of(global::Inference.ModelConfig message) => message.EnsembleScheduling is not { } scheduling ? null : new EnsembleConfig(
        [.. scheduling.Step.Select((step, i) => new EnsembleStepConfig(i, step.ModelName)
        {
            Version = step.ModelVersion > 0 ? step.ModelVersion : null,
            Namespace = step.ModelNamespace,
            Inputs = [.. step.InputMap.Select(static pair => new TensorMapping(pair.Key, pair.Value))],
            Outputs = [.. step.OutputMap.Select(static pair => new TensorMapping(pair.Key, pair.Value))],
            Condition = StepParameters.ConditionOf(message, i),
            FanOut = StepParameters.FanOutOf(message, i),
        })],
        (int)Math.Min(scheduling.MaxInflightRequests, int.MaxValue));
}
