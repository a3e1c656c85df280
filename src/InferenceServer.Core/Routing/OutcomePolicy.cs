using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Core.Routing;

/// <summary>Decides what the end of a request says about the version that had it.</summary>
internal static class OutcomePolicy
{
    /// <param name="error">Why there is no answer; null when there is one.</param>
    /// <param name="isDecoupled">True for a request with any number of responses, which is given up as exhausted when its client does not read them.</param>
    public static OutcomeKind Judge(InferenceError? error, bool isDecoupled) => error?.Code switch
    {
        null => OutcomeKind.Success,
        _ when error!.IsCallersLimit => OutcomeKind.GivenUp,
        ErrorCode.Internal or ErrorCode.Unavailable => OutcomeKind.Failure,
        ErrorCode.ResourceExhausted => isDecoupled ? OutcomeKind.GivenUp : OutcomeKind.Failure,

        // How long a deadline is, the client says: with short ones it could take a good version out of service.
        ErrorCode.Cancelled or ErrorCode.DeadlineExceeded => OutcomeKind.GivenUp,
        _ => OutcomeKind.Mistake,
    };

    /// <summary>True when the request counts as too slow. The whole time of a decoupled request is also that of its reader, so that it never does.</summary>
    public static bool IsSlow(OutcomeKind kind, bool isDecoupled, TimeSpan elapsed, TimeSpan? limit) => !isDecoupled && kind != OutcomeKind.Mistake && elapsed > limit;
}
