using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Abstractions.Backends;

/// <summary>
/// One execution: the rows of one or several requests, put together in contiguous inputs. The server owns it; a backend must not keep
/// it, its inputs or a borrowed output beyond <see cref="IModelInstance.Execute"/>.
/// </summary>
public abstract class ExecutionBatch
{
    private CancellationTokenRegistration _watched;

    /// <summary>
    /// The inputs, one for each input of the signature that the request gave, in the signature's order. An optional input that was left
    /// out has no entry.
    /// </summary>
    public abstract ReadOnlySpan<TensorView> Inputs { get; }

    /// <summary>The size of the batch dimension, or 1 for a model that does not batch.</summary>
    public abstract int Rows { get; }

    /// <summary>How many requests the rows belong to; always 1 for a decoupled model.</summary>
    public abstract int RequestCount { get; }

    /// <summary>
    /// True when the model's transaction policy is decoupled: the one request may then be answered any number of times, by
    /// <see cref="SendResponse"/>. Outputs that are given and not sent when the execution returns are one last response.
    /// </summary>
    public abstract bool IsDecoupled { get; }

    /// <summary>Signalled when nobody waits for the result any more; an engine that can stop a run should.</summary>
    public abstract CancellationToken Cancellation { get; }

    /// <summary>True when nobody waits for the result any more.</summary>
    public virtual bool IsCancelled => Cancellation.IsCancellationRequested;

    /// <summary>
    /// Has <paramref name="stop"/> called with <paramref name="state"/> when nobody waits any more, at once if that is so already. One at a time, which must not throw or wait; cheaper than to register with
    /// <see cref="Cancellation"/>.
    /// </summary>
    /// <param name="stop">Stops the run.</param>
    /// <param name="state">What it is called with.</param>
    public virtual void WatchCancellation(Action<object?> stop, object? state) => _watched = Cancellation.UnsafeRegister(stop, state);

    /// <summary>Ends what <see cref="WatchCancellation"/> began, if anything; waits for a call that is under way.</summary>
    public virtual void UnwatchCancellation() => _watched.Dispose();

    /// <summary>
    /// The variants that every request in the batch chooses, of those that the signature has: their names in order, separated by <see cref="RequestVariants.Separator"/>; null for none.
    /// </summary>
    public virtual string? Variant => null;

    /// <summary>
    /// True when the engine should use the calling thread alone for it, for which <see cref="IBackendModel.TryReadyOneThread"/> has got it ready: so many executions run at once that threads beside the calling ones would
    /// only keep one another waiting.
    /// </summary>
    public virtual bool UsesOneThread => false;

    /// <summary>One of the requests, by its place from 0 to <see cref="RequestCount"/> - 1.</summary>
    public abstract ExecutionRequest GetRequest(int request);

    /// <summary>
    /// True when a request in the batch wants the output at this place of the signature. What no request wants may be left out; of a
    /// decoupled response everything that is given is sent.
    /// </summary>
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

    /// <summary>Adds a parameter to a request's next response.</summary>
    /// <param name="request">The request's place.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="value">Its value; a second one under the same name replaces the first.</param>
    public abstract void SetResponseParameter(int request, string name, ParameterValue value);

    /// <summary>
    /// Sends the outputs given since the last response as one response of a decoupled model. Blocks while the client is too far behind.
    /// </summary>
    /// <param name="isFinal">True when the backend knows that no response follows; otherwise the end of the execution says so.</param>
    /// <exception cref="BackendException">Nobody waits any more (<see cref="ErrorCode.Cancelled"/>), or a final response has been sent.</exception>
    public abstract void SendResponse(bool isFinal = false);

    /// <summary>
    /// Answers the request of a decoupled model with an error, after which no response follows. The execution itself counts as having
    /// run; an execution that fails throws.
    /// </summary>
    /// <param name="code">What kind of error it is.</param>
    /// <param name="message">What was expected and what came.</param>
    /// <exception cref="BackendException">A final response has been sent.</exception>
    public abstract void SendError(ErrorCode code, string message);

    /// <summary>
    /// Asks for another execution of a request of an iterative model (<c>sequence_batching.iterative_sequence</c>): it goes back into the queue with the inputs that it
    /// came with, and its state is what this execution gave. Nothing is answered to it now; what is given for its rows is left out, unless it is sent.
    /// </summary>
    /// <param name="request">The request's place.</param>
    /// <exception cref="BackendException">The model is not iterative.</exception>
    public abstract void Reschedule(int request);
}
