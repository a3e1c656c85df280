using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>An ensemble that fits the models of its steps.</summary>
/// <param name="Config">What it serves by.</param>
/// <param name="Plan">How its requests run.</param>
internal sealed record LinkedEnsemble(ModelConfig Config, EnsemblePlan Plan);
