namespace InferenceServer.Core.Lifecycle;

/// <summary>How often versions of a model were loaded, since the start of the process.</summary>
/// <param name="Model">The model's name; empty for all those that there was no room to count on their own.</param>
/// <param name="Succeeded">Loads after which the version served.</param>
/// <param name="Failed">Loads that failed, and configurations that were refused.</param>
public readonly record struct ModelLoadCount(string Model, long Succeeded, long Failed);
