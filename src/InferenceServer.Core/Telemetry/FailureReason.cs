namespace InferenceServer.Core.Telemetry;

/// <summary>
/// Why a request that was accepted failed, in the words of the metric <c>nv_inference_request_failure</c>. What is turned away before counts
/// as a <see cref="RefusalReason"/>.
/// </summary>
public enum FailureReason
{
    /// <summary>It waited longer than the queue policy allows.</summary>
    Rejected,

    /// <summary>Its client went away or its deadline passed.</summary>
    Cancelled,

    /// <summary>The model's backend reported an error.</summary>
    Backend,

    /// <summary>Anything else.</summary>
    Other,
}
