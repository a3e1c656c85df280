using Grpc.Core;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Logging;
using InferenceServer.Protocols.KServe.Problems;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>The one place where the server's error codes become gRPC statuses. The status message is the error's sentence.</summary>
internal static class RpcErrorMapping
{
    /// <summary>
    /// The longest status message, in characters. It travels in a trailer, and clients drop the whole answer when their trailers exceed
    /// 8 KiB; a character may take three bytes, each written as three.
    /// </summary>
    public const int MaxMessageLength = 800;

    /// <summary>The exception that ends a call with the error, its details in the trailers.</summary>
    /// <param name="error">The error.</param>
    /// <param name="requestId">What the client calls its request; empty when that is not known.</param>
    public static RpcException ToException(InferenceError error, string requestId = "")
    {
        var code = StatusOf(error.Code);
        var message = ClippedText.Of(error.Message, MaxMessageLength);
        return new RpcException(new Status(code, message), RpcProblem.TrailersOf(error, code, message, requestId));
    }

    public static StatusCode StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => StatusCode.NotFound,
        ErrorCode.InvalidArgument => StatusCode.InvalidArgument,
        ErrorCode.Unsupported => StatusCode.Unimplemented,
        ErrorCode.Unavailable => StatusCode.Unavailable,
        ErrorCode.ResourceExhausted => StatusCode.ResourceExhausted,
        ErrorCode.DeadlineExceeded => StatusCode.DeadlineExceeded,
        ErrorCode.Cancelled => StatusCode.Cancelled,
        ErrorCode.AlreadyExists => StatusCode.AlreadyExists,
        ErrorCode.PermissionDenied => StatusCode.PermissionDenied,
        ErrorCode.Unauthenticated => StatusCode.Unauthenticated,
        _ => StatusCode.Internal,
    };
}
