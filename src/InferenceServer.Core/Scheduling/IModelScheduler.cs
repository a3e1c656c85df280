using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Scheduling;

/// <summary>Brings accepted requests to the lanes of one version. There is one implementation for each way of scheduling.</summary>
internal interface IModelScheduler
{
    /// <summary>Requests that are accepted and not yet executing.</summary>
    int QueuedRequests { get; }

    /// <summary>The lanes, each to be warmed up before the first request is accepted; none when it runs no instances of its own.</summary>
    IReadOnlyList<InstanceRunner> Lanes => [];

    /// <summary>
    /// Accepts a request or says why not. An accepted request is completed exactly once; a refused one stays with the caller.
    /// </summary>
    InferenceError? TryEnqueue(PendingInference pending);

    /// <summary>The version is on its way out: what waits for company is run at once from now on.</summary>
    void BeginDrain();

    /// <summary>Runs what is still queued, lets every lane end, and disposes the instances. The caller has stopped enqueuing.</summary>
    Task StopAsync();
}
