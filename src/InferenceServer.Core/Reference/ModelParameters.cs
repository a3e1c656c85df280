using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Rules;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Reference;

/// <summary>The <c>parameters</c> of a configuration that the server itself acts upon, whatever the backend.</summary>
public static class ModelParameters
{
    /// <summary>Those of any model.</summary>
    public static ImmutableArray<SettingDescription> OfModels { get; } =
    [
        new(AutomaticWarmupRule.Key, "true or false", "--model-auto-warmup, as far as the backend allows it", "Whether a model without model_warmup runs inputs of zeros before it is ready."),
        new(LatencyTargetRule.Key, $"milliseconds above 0, at most {Text(LatencyTargetRule.MaxMilliseconds)}", "none", "What 95 of 100 requests should not take longer than: sizes and waits of batches follow from it."),
        new(StarvationRule.Key, $"milliseconds, 0 to {Text(StarvationRule.MaxMilliseconds)}", Text(StarvationRule.Default.TotalMilliseconds), "How long a lower priority may wait without any request of it being run; 0 for ever."),
        new(ModelResidencies.ParameterKey, string.Join(", ", ModelResidencies.Names), "--model-residency", "When the model is in memory."),
        new(ModelResidencies.IdleUnloadKey, $"seconds, 0 to {Text(ModelResidencies.MaxIdleUnloadSeconds)}", "--model-idle-unload-secs", "After how long without a request a model on demand leaves the memory; 0 for never."),
    ];

    /// <summary>Those of ensembles, for the step of that number.</summary>
    public static ImmutableArray<SettingDescription> OfSteps { get; } =
    [
        new(StepKey(StepParameters.When), "name of a tensor, or !<name>", "always", "The step runs when the tensor says so (or does not)."),
        new(StepKey(StepParameters.Each), "names of tensors that the step reads, with commas", "once", "The step runs once for each item of these tensors."),
        new(StepKey(StepParameters.Parallel), $"number, 1 to {Text(StepParameters.MostParallel)}", Text(StepParameters.DefaultParallel), "How many items run at once."),
        new(StepKey(StepParameters.MaxItems), $"number, 1 to {Text(StepParameters.MostItems)}", Text(StepParameters.DefaultMaxItems), "How many items a request may have."),
    ];

    private static string StepKey(string name) => $"step[<n>].{name}";

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
