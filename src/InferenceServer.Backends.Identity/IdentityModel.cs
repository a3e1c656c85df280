using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Backends.Identity;

/// <summary>A model without weights; it only counts its executions, over all instances.</summary>
internal sealed class IdentityModel(ModelSignature signature, IdentitySettings settings, TimeProvider time) : IBackendModel
{
    private long _executions;

    public ModelSignature Signature { get; } = signature;

    public IdentitySettings Settings { get; } = settings;

    public TimeProvider Time { get; } = time;

    public IModelInstance CreateInstance(InstancePlacement placement) => new IdentityInstance(this);

    /// <summary>The number of the execution that begins, from 1.</summary>
    public long CountExecution() => Interlocked.Increment(ref _executions);

    public void Dispose()
    {
    }
}
