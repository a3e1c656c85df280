namespace InferenceServer.Core.Telemetry;

/// <summary>
/// Why a request was turned away before it was scheduled. Such a request is in no other counter: as in Triton, the statistics and the
/// failures are those of requests that were accepted.
/// </summary>
public enum RefusalReason
{
    /// <summary>It contradicts the model.</summary>
    Invalid,

    /// <summary>There is no room for it: the queue is full, there is no thread to run it, or the version is on its way out.</summary>
    NoCapacity,
}
