using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Trees;
using InferenceServer.Backends.XGBoost.Engine;

namespace InferenceServer.Backends.XGBoost;

/// <summary>The booster of one version. The library predicts with it from many threads at once, so every instance uses this one.</summary>
internal sealed class XGBoostModel(Booster booster, TreeModelShape shape, ModelSignature signature) : IBackendModel
{
    public ModelSignature Signature { get; } = signature;

    public IModelInstance CreateInstance(InstancePlacement placement)
    {
        if (placement.Kind == InstanceKind.Gpu)
        {
            throw new BackendException(
                ErrorCode.Unsupported, $"instance '{placement.Name}' asks for GPU {placement.DeviceId}, and XGBoost models run on the processor only; use the kind KIND_CPU");
        }

        return new XGBoostInstance(booster, shape, Signature);
    }

    public void Dispose() => booster.Dispose();
}
