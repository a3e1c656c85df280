using System.Collections.Immutable;

namespace InferenceServer.Core.Ensembles;

/// <summary>
/// How the requests of an ensemble run: tensors and steps by their places, in an order in which nothing is read before it is written. Made once, when the ensemble is loaded. Immutable.
/// </summary>
internal sealed class EnsemblePlan
{
    /// <summary>The scope of what happens once a request.</summary>
    public const int Root = -1;

    /// <param name="name">The ensemble's name.</param>
    /// <param name="tensors">The names of all tensors.</param>
    /// <param name="steps">The steps, in an order in which each reads only what those before it write.</param>
    /// <param name="inputs">The places of the ensemble's inputs, in the order of its signature.</param>
    /// <param name="outputs">The places of the ensemble's outputs, in the order of its signature.</param>
    /// <param name="maxInflight">The most requests of one step that are on their way at once; 0 for no bound.</param>
    public EnsemblePlan(string name, ImmutableArray<string> tensors, ImmutableArray<PlanStep> steps, ImmutableArray<int> inputs, ImmutableArray<int> outputs, int maxInflight)
    {
        Name = name;
        Tensors = tensors;
        Steps = steps;
        Inputs = inputs;
        Outputs = outputs;
        MaxInflight = maxInflight;
        TensorScopes = new int[tensors.Length];
        Array.Fill(TensorScopes, Root);
        for (var step = 0; step < steps.Length; step++)
        {
            foreach (var output in steps[step].Outputs)
            {
                TensorScopes[output.Tensor] = steps[step].IsDecoupled ? step : steps[step].Scope;
            }
        }

        IsDecoupled = steps.Any(static step => step.IsDecoupled);
        MayLackOutputs = steps.Any(static step => step.Condition is not null);
        All = EnsembleSelection.Of(this, null, null);
    }

    public string Name { get; }

    public ImmutableArray<string> Tensors { get; }

    public ImmutableArray<PlanStep> Steps { get; }

    public ImmutableArray<int> Inputs { get; }

    public ImmutableArray<int> Outputs { get; }

    public int MaxInflight { get; }

    /// <summary>True when a request may be answered any number of times.</summary>
    public bool IsDecoupled { get; }

    /// <summary>True when an output may be left out of an answer, unless it is named.</summary>
    public bool MayLackOutputs { get; }

    /// <summary>By the place of a tensor: the decoupled step whose every response has a tensor of its own there, or <see cref="Root"/>.</summary>
    public int[] TensorScopes { get; }

    /// <summary>What of the plan serves a request that wants every output.</summary>
    public EnsembleSelection All { get; }

    /// <summary>What of the plan serves a request.</summary>
    /// <param name="requested">Which outputs of the signature are wanted; null for all.</param>
    /// <param name="order">The wanted outputs as places in the signature, in the client's order; null for all.</param>
    public EnsembleSelection Select(bool[]? requested, int[]? order) => order is null ? All : EnsembleSelection.Of(this, requested, order);

    /// <summary>The place of an input by its name; -1 for none.</summary>
    public int FindInput(string name)
    {
        foreach (var place in Inputs)
        {
            if (Tensors[place] == name)
            {
                return place;
            }
        }

        return -1;
    }
}
