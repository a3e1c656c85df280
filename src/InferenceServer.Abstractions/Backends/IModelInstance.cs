namespace InferenceServer.Abstractions.Backends;

/// <summary>One lane of a model. The server calls it from one thread at a time, though not always from the same thread.</summary>
public interface IModelInstance : IDisposable
{
    /// <summary>
    /// Runs the model once over the inputs of <paramref name="batch"/> and gives every requested output by
    /// <see cref="ExecutionBatch.AllocateOutput"/> or <see cref="ExecutionBatch.AdoptOutput"/>. Blocks until the outputs are written.
    /// </summary>
    /// <exception cref="Errors.BackendException">The run failed. The instance stays usable.</exception>
    void Execute(ExecutionBatch batch);
}
