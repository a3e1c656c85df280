using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.LightGbm.Engine;
using InferenceServer.Backends.Trees;

namespace InferenceServer.Backends.LightGbm;

/// <summary>The booster of one version. The library predicts with it from many threads at once, so every instance uses this one.</summary>
internal sealed class LightGbmModel(Booster booster, TreeModelShape shape, ModelSignature signature, TreeSettings settings) : IBackendModel
{
    public ModelSignature Signature { get; } = signature;

    /// <inheritdoc />
    public bool HasLightInstances => true;

    public IModelInstance CreateInstance(InstancePlacement placement)
    {
        if (placement.Kind == InstanceKind.Gpu)
        {
            throw new BackendException(
                ErrorCode.Unsupported, $"instance '{placement.Name}' asks for GPU {placement.DeviceId}, and LightGBM models run on the processor only; use the kind KIND_CPU");
        }

        return new LightGbmInstance(booster, shape, Signature, settings);
    }

    public void Dispose() => booster.Dispose();
}
