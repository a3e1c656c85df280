using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Answers a call with nothing but its status (gRPC over HTTP/2, Trailers-Only), without gRPC's library.</summary>
internal static class RpcFailureWriter
{
    /// <summary>The content type of calls and of their answers.</summary>
    public const string ContentType = "application/grpc";

    /// <param name="context">The call, whose answer has not begun.</param>
    /// <param name="failure">The status with its details.</param>
    public static Task WriteAsync(HttpContext context, RpcException failure)
    {
        var headers = context.Response.Headers;
        context.Response.ContentType = ContentType;
        headers.GrpcStatus = ((int)failure.StatusCode).ToString(CultureInfo.InvariantCulture);
        headers.GrpcMessage = RpcStatusText.Escape(failure.Status.Detail);
        foreach (var trailer in failure.Trailers)
        {
            headers[trailer.Key] = trailer.IsBinary ? Convert.ToBase64String(trailer.ValueBytes).TrimEnd('=') : trailer.Value;
        }

        return context.Response.CompleteAsync();
    }
}
