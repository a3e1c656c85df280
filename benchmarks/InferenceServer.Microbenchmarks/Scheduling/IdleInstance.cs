using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>A model that leaves its output as the memory was, and its only instance: what is left is what runs it.</summary>
internal sealed class IdleInstance(ModelSignature signature) : IBackendModel, IModelInstance
{
    public ModelSignature Signature { get; } = signature;

    public IModelInstance CreateInstance(InstancePlacement placement) => this;

    public void Execute(ExecutionBatch batch) => batch.AllocateOutput(0, batch.Inputs[0].Shape, batch.Inputs[0].Length);

    public void Dispose()
    {
    }
}
