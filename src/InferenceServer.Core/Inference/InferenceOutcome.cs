using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Inference;

/// <summary>Either a response or the reason why there is none.</summary>
public readonly struct InferenceOutcome
{
    private InferenceOutcome(InferenceResponse? response, InferenceError? error, bool wasAccepted)
    {
        Response = response;
        Error = error;
        WasAccepted = wasAccepted;
    }

    /// <summary>The response, to be disposed when it is written.</summary>
    public InferenceResponse? Response { get; }

    /// <summary>Why there is no response.</summary>
    public InferenceError? Error { get; }

    /// <summary>
    /// True when the request was accepted by its model's scheduler, so that a failure comes from its time there or from the model itself;
    /// false when the request was refused.
    /// </summary>
    public bool WasAccepted { get; }

    /// <summary>True when there is a response.</summary>
    [MemberNotNullWhen(true, nameof(Response))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsSuccess => Response is not null;

    /// <summary>An outcome with a response.</summary>
    public static InferenceOutcome Success(InferenceResponse response) => new(response, null, wasAccepted: true);

    /// <summary>The outcome of a request that was refused.</summary>
    public static InferenceOutcome Failure(InferenceError error) => new(null, error, wasAccepted: false);

    /// <summary>The outcome of a request that was accepted and failed.</summary>
    internal static InferenceOutcome FailureOfAccepted(InferenceError error) => new(null, error, wasAccepted: true);
}
