using System.Collections.Immutable;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>The model of a step as it serves now.</summary>
/// <param name="Model">Its name, namespace included.</param>
/// <param name="Config">What it serves by.</param>
internal sealed record EnsembleMember(string Model, ModelConfig Config)
{
    /// <summary>The models that its requests may lead to: itself, and where it is an ensemble those of its steps.</summary>
    public ImmutableHashSet<string> Runs => Config.StepModels.Add(Model);
}
