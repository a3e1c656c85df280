namespace InferenceServer.Core.Configuration;

/// <summary>When a step runs: while a tensor of one element is true, which is any number but 0.</summary>
/// <param name="Tensor">The tensor of the ensemble.</param>
/// <param name="IsNegated">True when the step runs while the tensor is false.</param>
internal sealed record StepCondition(string Tensor, bool IsNegated)
{
    /// <summary>True for two of which at most one can hold.</summary>
    public bool Excludes(StepCondition other) => Tensor == other.Tensor && IsNegated != other.IsNegated;
}
