using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Abstractions.Backends;

/// <summary>
/// The loaded weights of one version. Disposing it frees everything; the server does so only after the last of its instances is disposed.
/// </summary>
public interface IBackendModel : IDisposable
{
    /// <summary>What the model takes and gives.</summary>
    ModelSignature Signature { get; }

    /// <summary>
    /// The memory that the version takes at this moment, for its statistics; empty from an engine that cannot tell. Asked from any thread
    /// at any time before the model is disposed.
    /// </summary>
    ImmutableArray<ModelMemory> Memory => [];

    /// <summary>
    /// True when an instance on the processor costs next to nothing, and several of them run at once without being in one another's way. Then the server may make a few more than are configured, where nobody has
    /// configured any, for executions that take less than waiting for one's turn.
    /// </summary>
    bool HasLightInstances => false;

    /// <summary>
    /// True when the engine could run on the calling thread alone where it uses several threads otherwise, and may be asked to get ready for that by <see cref="TryReadyOneThread"/>.
    /// </summary>
    bool HasOneThreadRuns => false;

    /// <summary>
    /// Gets ready for executions that use the calling thread alone (<see cref="ExecutionBatch.UsesOneThread"/>). The server tries by measurement whether more gets done by them. Called from any thread before the model is
    /// disposed, now and then again; may take as long as a load. What it takes is the engine's to free when no such execution has come for a while.
    /// </summary>
    /// <returns>False when it will not be, for want of memory for example; executions then use threads as ever.</returns>
    bool TryReadyOneThread() => false;

    /// <summary>Makes one lane. Instances share this object's weights wherever the engine allows it.</summary>
    /// <exception cref="Errors.BackendException">The placement cannot be had.</exception>
    IModelInstance CreateInstance(InstancePlacement placement);
}
