namespace InferenceServer.Core.Residency;

/// <summary>How often a model has come into the memory for a request, and has left it although it is wanted.</summary>
/// <param name="Model">The model's name; empty for all those together that are not counted on their own.</param>
/// <param name="ColdStarts">Loads that a request has caused.</param>
/// <param name="ForMemory">Times that it made room for another model.</param>
/// <param name="ForIdleness">Times that nobody had asked for it for long.</param>
public sealed record ModelResidencyCount(string Model, long ColdStarts, long ForMemory, long ForIdleness);
