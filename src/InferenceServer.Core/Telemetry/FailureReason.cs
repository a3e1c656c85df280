namespace InferenceServer.Core.Telemetry;

/// <summary>Why a request failed, in the words of the metric <c>nv_inference_request_failure</c>.</summary>
public enum FailureReason
{
    /// <summary>It was refused by a full queue, or waited longer than the queue policy allows.</summary>
    Rejected,

    /// <summary>Its client went away or its deadline passed.</summary>
    Cancelled,

    /// <summary>The model's backend reported an error.</summary>
    Backend,

    /// <summary>Anything else: most often a request that contradicts the model.</summary>
    Other,
}
