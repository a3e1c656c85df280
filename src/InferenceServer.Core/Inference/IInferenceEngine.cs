using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;
using InferenceServer.Core.SharedMemory;

namespace InferenceServer.Core.Inference;

/// <summary>The data plane: what every front end calls to have a model run.</summary>
public interface IInferenceEngine
{
    /// <summary>Where a front end rents the memory that it reads inputs into.</summary>
    ITensorAllocator Allocator { get; }

    /// <summary>Where a front end asks whether a request is traced, before it reads it.</summary>
    RequestTracer Tracer { get; }

    /// <summary>Where a front end says that a request has come and that its answer has left.</summary>
    RequestObserver Observer { get; }

    /// <summary>Where tensors come from and go to that a request does not carry itself.</summary>
    ISharedMemoryTensors SharedMemory { get; }

    /// <summary>
    /// Finds a version that is ready and keeps it loaded until the lease is disposed. A front end asks before it reads the request's
    /// tensors, so that a request for an unknown model costs nothing, and one that has to wait for its model little.
    /// </summary>
    /// <param name="modelName">The model's name.</param>
    /// <param name="version">The version as the client wrote it; empty for the highest one that is ready.</param>
    /// <param name="cancellationToken">Signalled when the client has gone.</param>
    /// <returns>A lease, which goes into an <see cref="InferenceRequest"/> or is disposed by the caller; or NotFound, Unavailable, InvalidArgument (the version is no number) or Cancelled.</returns>
    ValueTask<LeaseOutcome> AcquireAsync(string modelName, string version, CancellationToken cancellationToken);

    /// <summary>As the other one, for a name that may be an alias whose target a header decides on.</summary>
    /// <param name="modelName">The model's name, or an alias.</param>
    /// <param name="version">As above; an alias has no versions.</param>
    /// <param name="stickyKey">The value of the header that <see cref="FindStickyHeader"/> names; null or empty when chance decides.</param>
    /// <param name="cancellationToken">Signalled when the client has gone.</param>
    /// <returns>As above; Unavailable also when no target of an alias is ready.</returns>
    ValueTask<LeaseOutcome> AcquireAsync(string modelName, string version, string? stickyKey, CancellationToken cancellationToken) => AcquireAsync(modelName, version, cancellationToken);

    /// <summary>The header whose value decides on the target of an alias; null when there is none, or the name is no alias.</summary>
    string? FindStickyHeader(string modelName) => null;

    /// <summary>
    /// Checks the request against the model and runs it. The engine takes the request over, its tensors and lease with it, whatever
    /// the outcome; the caller disposes the response once it is written.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Signalled when the client has gone. A request that still waits is then never run.</param>
    /// <returns>The outcome; Unsupported for a decoupled model, whose responses may be any number.</returns>
    ValueTask<InferenceOutcome> InferAsync(InferenceRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="InferAsync"/>, for any model, with the responses one after another as they become ready. The request is on its way, or
    /// refused, when this returns, so that requests keep the order in which they are started.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Signalled when the client has gone: what waits is never run, and what runs is told.</param>
    /// <returns>The responses, to be read to the end or disposed.</returns>
    InferenceStream StartStream(InferenceRequest request, CancellationToken cancellationToken);
}
