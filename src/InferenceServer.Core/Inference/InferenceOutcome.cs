using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Inference;

/// <summary>Either a response or the reason why there is none.</summary>
public readonly struct InferenceOutcome
{
    private InferenceOutcome(InferenceResponse? response, InferenceError? error)
    {
        Response = response;
        Error = error;
    }

    /// <summary>The response, to be disposed when it is written.</summary>
    public InferenceResponse? Response { get; }

    /// <summary>Why there is no response.</summary>
    public InferenceError? Error { get; }

    /// <summary>True when there is a response.</summary>
    [MemberNotNullWhen(true, nameof(Response))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsSuccess => Response is not null;

    /// <summary>An outcome with a response.</summary>
    public static InferenceOutcome Success(InferenceResponse response) => new(response, null);

    /// <summary>An outcome without a response.</summary>
    public static InferenceOutcome Failure(InferenceError error) => new(null, error);
}
