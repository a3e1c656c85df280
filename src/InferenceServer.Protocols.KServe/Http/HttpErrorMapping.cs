using InferenceServer.Abstractions.Errors;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>The HTTP status of each kind of failure.</summary>
internal static class HttpErrorMapping
{
    /// <summary>The status that proxies report when the client has gone; nobody receives it.</summary>
    private const int ClientClosedRequest = 499;

    /// <summary>The status of a failure. A request that was refused at once, lest it miss its deadline, has not timed out: it may try again, here or elsewhere.</summary>
    public static int ToStatus(InferenceError error) =>
        error is { Code: ErrorCode.DeadlineExceeded, IsRetryable: true } ? StatusCodes.Status503ServiceUnavailable : ToStatus(error.Code);

    public static int ToStatus(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => StatusCodes.Status404NotFound,
        ErrorCode.InvalidArgument => StatusCodes.Status400BadRequest,
        ErrorCode.AlreadyExists => StatusCodes.Status400BadRequest,
        ErrorCode.Unsupported => StatusCodes.Status501NotImplemented,
        ErrorCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        ErrorCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        ErrorCode.Cancelled => ClientClosedRequest,
        ErrorCode.PermissionDenied => StatusCodes.Status403Forbidden,
        ErrorCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        _ => StatusCodes.Status500InternalServerError,
    };
}
