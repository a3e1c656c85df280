using System.Collections.Immutable;

namespace InferenceServer.Core.Ensembles;

/// <summary>One step of a plan, with tensors as places. Steps stand in an order in which each reads only what steps before it write.</summary>
internal sealed record PlanStep
{
    /// <summary>The model's name, namespace included.</summary>
    public required string Model { get; init; }

    /// <summary>The version as requests name it; empty for the highest one that serves.</summary>
    public required string Version { get; init; }

    /// <summary>Its place in the file, from 0.</summary>
    public int Index { get; init; }

    /// <summary>How messages call the step.</summary>
    public required string Words { get; init; }

    public required ImmutableArray<PlanInput> Inputs { get; init; }

    public required ImmutableArray<PlanOutput> Outputs { get; init; }

    public PlanCondition? Condition { get; init; }

    public PlanFanOut? FanOut { get; init; }

    /// <summary>True when its model may answer a request any number of times.</summary>
    public bool IsDecoupled { get; init; }

    /// <summary>The decoupled step for each of whose responses this step runs once; <see cref="EnsemblePlan.Root"/> when it runs once a request.</summary>
    public int Scope { get; init; } = EnsemblePlan.Root;

    /// <summary>For a decoupled step: true when its responses lead to its own model again, which must not wait for itself.</summary>
    public bool FeedsItself { get; init; }
}
