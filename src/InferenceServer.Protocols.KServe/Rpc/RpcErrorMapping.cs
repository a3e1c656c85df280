using Grpc.Core;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>The one place where the server's error codes become gRPC statuses. The status message is the error's sentence.</summary>
internal static class RpcErrorMapping
{
    /// <summary>
    /// The longest status message, in characters. It travels in a trailer, and clients drop the whole answer when their trailers exceed
    /// 8 KiB; a character may take three bytes, each written as three.
    /// </summary>
    public const int MaxMessageLength = 800;

    public static RpcException ToException(InferenceError error) => new(new Status(StatusOf(error.Code), Clip(error.Message)));

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
        _ => StatusCode.Internal,
    };

    private static string Clip(string message)
    {
        if (message.Length <= MaxMessageLength)
        {
            return message;
        }

        // Half of a surrogate pair is no text.
        var length = char.IsHighSurrogate(message[MaxMessageLength - 1]) ? MaxMessageLength - 1 : MaxMessageLength;
        return string.Concat(message.AsSpan(0, length), "…");
    }
}
