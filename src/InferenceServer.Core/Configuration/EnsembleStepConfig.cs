using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>One step of an ensemble: a request to another model.</summary>
/// <param name="Index">Its place in the file, from 0.</param>
/// <param name="Model">The model's name, as written.</param>
internal sealed record EnsembleStepConfig(int Index, string Model)
{
    /// <summary>The version; null for the highest one that serves.</summary>
    public long? Version { get; init; }

    /// <summary>The namespace that the model is looked for in, as written; empty for the ensemble's own first.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Which tensors of the ensemble are the model's inputs.</summary>
    public ImmutableArray<TensorMapping> Inputs { get; init; } = [];

    /// <summary>Which tensors of the ensemble the model's outputs become.</summary>
    public ImmutableArray<TensorMapping> Outputs { get; init; } = [];

    /// <summary>When the step runs; null for always.</summary>
    public StepCondition? Condition { get; init; }

    /// <summary>How the step runs once an item; null when it runs once.</summary>
    public StepFanOut? FanOut { get; init; }

    /// <summary>Where it stands in the file.</summary>
    public string Path => FormattableString.Invariant($"ensemble_scheduling.step[{Index}]");

    /// <summary>How messages call it.</summary>
    public string Words => FormattableString.Invariant($"step[{Index}] (model '{Model}')");

    /// <summary>Where the entry of an input stands in the file.</summary>
    public string InputPath(string member) => $"{Path}.input_map[\"{member}\"]";

    /// <summary>Where the entry of an output stands in the file.</summary>
    public string OutputPath(string member) => $"{Path}.output_map[\"{member}\"]";
}
