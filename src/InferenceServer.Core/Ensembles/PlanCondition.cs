namespace InferenceServer.Core.Ensembles;

/// <summary>When a step runs.</summary>
/// <param name="Tensor">The place of the tensor that says so.</param>
/// <param name="IsNegated">True when the step runs while the tensor is false.</param>
internal readonly record struct PlanCondition(int Tensor, bool IsNegated);
