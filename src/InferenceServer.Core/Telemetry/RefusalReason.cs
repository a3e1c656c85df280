namespace InferenceServer.Core.Telemetry;

/// <summary>
/// Why a request was turned away before it was scheduled. Such a request is in no other counter: as in Triton, the statistics and the
/// failures are those of requests that were accepted.
/// </summary>
public enum RefusalReason
{
    /// <summary>It contradicts the model.</summary>
    Invalid,

    /// <summary>As many requests wait as may.</summary>
    QueueFull,

    /// <summary>Those that wait take as many bytes as they may.</summary>
    QueueBytes,

    /// <summary>The version is on its way out, or the server.</summary>
    Stopping,

    /// <summary>There is no room for it otherwise: no thread to run it, or no place for its sequence.</summary>
    NoCapacity,
}
