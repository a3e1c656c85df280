namespace InferenceServer.Core.Ensembles;

/// <summary>An output of a step.</summary>
/// <param name="Member">The name that the model knows it by.</param>
/// <param name="Tensor">The place of the ensemble's tensor.</param>
internal readonly record struct PlanOutput(string Member, int Tensor);
