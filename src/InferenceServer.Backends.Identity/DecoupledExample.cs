using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Identity;

/// <summary>A model without weights whose instances send their responses themselves.</summary>
internal sealed class DecoupledExample(ModelSignature signature, Func<IModelInstance> makeInstance) : IBackendModel
{
    public ModelSignature Signature { get; } = signature;

    public IModelInstance CreateInstance(InstancePlacement placement) => makeInstance();

    public void Dispose()
    {
    }

    /// <summary>The input of that name, which the signature requires.</summary>
    public static TensorView Input(ExecutionBatch batch, string name)
    {
        foreach (var input in batch.Inputs)
        {
            if (input.Name == name)
            {
                return input;
            }
        }

        throw new InvalidOperationException($"required input '{name}' is missing");
    }

    public static int PlaceOf(ImmutableArray<TensorSpec> tensors, string name)
    {
        for (var i = 0; i < tensors.Length; i++)
        {
            if (tensors[i].Name == name)
            {
                return i;
            }
        }

        throw new InvalidOperationException($"tensor '{name}' is missing");
    }
}
