using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>Stands where other versions have their weights: an ensemble has none, and its signature is what its configuration says.</summary>
internal sealed class EnsembleModel(ModelConfig config) : IBackendModel
{
    public ModelSignature Signature { get; } = new(
        [.. config.Inputs.Select(static input => new TensorSpec(input.Name, input.DataType, input.ModelShape) { IsOptional = input.IsOptional })],
        [.. config.Outputs.Select(static output => new TensorSpec(output.Name, output.DataType, output.ModelShape))]);

    public IModelInstance CreateInstance(InstancePlacement placement) => throw new NotSupportedException("an ensemble has no instances: its steps are run by their own models");

    public void Dispose()
    {
        // There is nothing to free.
    }
}
