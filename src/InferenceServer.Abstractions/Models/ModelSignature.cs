using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Abstractions.Models;

/// <summary>What a model takes and gives, as its backend sees it: full shapes, batch dimension included.</summary>
/// <param name="Inputs">The inputs, in the order of the model.</param>
/// <param name="Outputs">The outputs, in the order of the model; an output's place here is its index in an execution.</param>
public sealed record ModelSignature(ImmutableArray<TensorSpec> Inputs, ImmutableArray<TensorSpec> Outputs)
{
    /// <summary>What else a request chooses beside its inputs; null for nothing.</summary>
    public RequestVariants? Variants { get; init; }

    /// <summary>
    /// True when an execution may change what later ones give. Such a model is not run with made-up inputs before it is ready, unless its configuration says so.
    /// </summary>
    public bool KeepsState { get; init; }

    /// <summary>
    /// True when rows of several requests may be put into one execution: every output and every input that a request must give has a free
    /// first dimension. Optional inputs do not count: where a model has them they are mostly weights that may be replaced.
    /// </summary>
    public bool HasFreeFirstDimension =>
        Inputs.Any(static tensor => !tensor.IsOptional) && Outputs.Length > 0
        && Inputs.All(static tensor => tensor.IsOptional || (tensor.Shape.Rank > 0 && tensor.Shape[0] == TensorShape.Free))
        && Outputs.All(static tensor => tensor.HasRows && tensor.Shape.Rank > 0 && tensor.Shape[0] == TensorShape.Free);
}
