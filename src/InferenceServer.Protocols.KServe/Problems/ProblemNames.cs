using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Protocols.KServe.Problems;

/// <summary>What machines read of a failure, the same over HTTP and gRPC.</summary>
internal static class ProblemNames
{
    /// <summary>Whose reasons they are: what gRPC's error info calls the domain.</summary>
    public const string Domain = "inference-server";

    private const int MaxRetryAfterSeconds = 600;

    /// <summary>How long a client should wait before it sends a retryable request again, in seconds: a second where nothing better is known.</summary>
    public static int RetryAfter(InferenceError error) =>
        error.RetryAfter is { } wait ? (int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, MaxRetryAfterSeconds) : 1;

    /// <summary>The code of a failure, such as <c>not_found</c>.</summary>
    public static string CodeOf(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => "not_found",
        ErrorCode.InvalidArgument => "invalid_argument",
        ErrorCode.AlreadyExists => "already_exists",
        ErrorCode.Unsupported => "unsupported",
        ErrorCode.Unavailable => "unavailable",
        ErrorCode.ResourceExhausted => "resource_exhausted",
        ErrorCode.DeadlineExceeded => "deadline_exceeded",
        ErrorCode.Cancelled => "cancelled",
        ErrorCode.PermissionDenied => "permission_denied",
        ErrorCode.Unauthenticated => "unauthenticated",
        _ => "internal",
    };

    /// <summary>The same as a URI, for RFC 9457's <c>type</c>. It names the kind of problem and leads nowhere.</summary>
    public static string TypeOf(ErrorCode code) => $"urn:{Domain}:error:{CodeOf(code)}";

    /// <summary>The same for people: the same text for every failure of the kind.</summary>
    public static string TitleOf(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => "Not found",
        ErrorCode.InvalidArgument => "Invalid argument",
        ErrorCode.AlreadyExists => "Already exists",
        ErrorCode.Unsupported => "Not supported",
        ErrorCode.Unavailable => "Unavailable now",
        ErrorCode.ResourceExhausted => "Out of resources",
        ErrorCode.DeadlineExceeded => "Deadline exceeded",
        ErrorCode.Cancelled => "Cancelled",
        ErrorCode.PermissionDenied => "Permission denied",
        ErrorCode.Unauthenticated => "Not authenticated",
        _ => "Internal failure",
    };
}
