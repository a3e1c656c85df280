using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Abstractions.Backends;

/// <summary>
/// One execution: the rows of one or several requests, put together in contiguous inputs. The server owns it; a backend must not keep
/// it, its inputs or a borrowed output beyond <see cref="IModelInstance.Execute"/>.
/// </summary>
public abstract class ExecutionBatch
{
    /// <summary>
    /// The inputs, one for each input of the signature that the request gave, in the signature's order. An optional input that was left
    /// out has no entry.
    /// </summary>
    public abstract ReadOnlySpan<TensorView> Inputs { get; }

    /// <summary>The size of the batch dimension, or 1 for a model that does not batch.</summary>
    public abstract int Rows { get; }

    /// <summary>Signalled when nobody waits for the result any more; an engine that can stop a run should.</summary>
    public abstract CancellationToken Cancellation { get; }

    /// <summary>True when a request in the batch wants the output at this place of the signature.</summary>
    public abstract bool IsRequested(int output);

    /// <summary>
    /// Memory for one output, to be written before <see cref="IModelInstance.Execute"/> returns. The server owns it.
    /// </summary>
    /// <param name="output">The output's place in the signature.</param>
    /// <param name="shape">The full shape, without free dimensions.</param>
    /// <param name="byteLength">The bytes that the elements take; for fixed-size types, elements times size.</param>
    public abstract TensorBuffer AllocateOutput(int output, in TensorShape shape, long byteLength);

    /// <summary>Gives memory of the engine's own as one output. The batch takes over the caller's count on <paramref name="buffer"/>.</summary>
    /// <param name="output">The output's place in the signature.</param>
    /// <param name="buffer">The elements.</param>
    /// <param name="shape">The full shape, without free dimensions.</param>
    public abstract void AdoptOutput(int output, TensorBuffer buffer, in TensorShape shape);
}
