using Grpc.Core;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>How each protocol says that an endpoint is restricted.</summary>
public static class RestrictedAnswers
{
    /// <summary>The status 403 and which header is missing or wrong.</summary>
    public static Task WriteHttpAsync(HttpContext context, string? header) => HttpErrorWriter.WriteAsync(
        context,
        new InferenceError(ErrorCode.PermissionDenied, header is null ? "This API is restricted" : $"This API is restricted, expecting header '{header}'") { Expected = header });

    /// <summary>
    /// UNAVAILABLE, which Triton's clients know for this, in a response that is nothing but its trailers: the call ends before it has begun.
    /// </summary>
    public static Task WriteRpcAsync(HttpContext context, string? header)
    {
        ArgumentNullException.ThrowIfNull(context);
        var message = header is null ? "This protocol is restricted" : $"This protocol is restricted, expecting header '{header}'";
        // The status says to try again; the reason among the details says that this alone will not help.
        return AccessAnswers.WriteRpcAsync(context, new InferenceError(ErrorCode.PermissionDenied, message) { Expected = header }, StatusCode.Unavailable);
    }
}
