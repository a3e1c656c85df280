using InferenceServer.Abstractions.Errors;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>The HTTP status of each kind of failure.</summary>
internal static class HttpErrorMapping
{
    /// <summary>The status that proxies report when the client has gone; nobody receives it.</summary>
    private const int ClientClosedRequest = 499;

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
        _ => StatusCodes.Status500InternalServerError,
    };
}
