using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Inference;

/// <summary>One line of the repository index: a version, or a model of which no version is known yet.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Version">The version's number; null when none is known.</param>
/// <param name="State">Where the version stands; null when the model has never been loaded.</param>
/// <param name="Reason">Why it does not serve, or why a newer load of it failed; empty when there is nothing to say.</param>
public sealed record ModelIndexEntry(string Name, long? Version, ModelState? State, string Reason);
