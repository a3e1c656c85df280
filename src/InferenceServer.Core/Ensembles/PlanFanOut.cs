namespace InferenceServer.Core.Ensembles;

/// <summary>How a step runs once an item.</summary>
/// <param name="Parallel">How many items run at once.</param>
/// <param name="MaxItems">The most items of one request.</param>
internal sealed record PlanFanOut(int Parallel, int MaxItems);
