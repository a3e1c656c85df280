using Grpc.Core;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.Tracing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>What a call is answered with when an exception ends it.</summary>
internal static class RpcFailures
{
    /// <summary>Makes a status of it. What was not expected is logged, and told in general words.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="http">The call.</param>
    /// <param name="method">The rpc, with its service in front.</param>
    /// <param name="logger">Where what was not expected goes.</param>
    /// <param name="cancellationToken">Signalled when the client has gone.</param>
    public static RpcException Translate(Exception exception, HttpContext http, string method, ILogger logger, CancellationToken cancellationToken)
    {
        switch (exception)
        {
            // What the generated base class throws for an rpc that is not overridden.
            case RpcException { StatusCode: StatusCode.Unimplemented, Status.Detail: "" }:
                return RpcErrorMapping.ToException(new InferenceError(ErrorCode.Unsupported, $"this server does not implement the rpc {method}"));
            case RpcException expected:
                return expected;
            case BackendException failure:
                return RpcErrorMapping.ToException(new InferenceError(failure.Code, failure.Message));
            case OperationCanceledException when cancellationToken.IsCancellationRequested:
                return RpcErrorMapping.ToException(new InferenceError(ErrorCode.Cancelled, "the call was cancelled by its client"));
            default:
                RpcLog.UnexpectedFailure(logger, exception, method, http.Features.Get<RequestRecord>()?.Name ?? RequestNames.Of(http), TraceParents.IdOf(http.Request.Headers));
                return RpcErrorMapping.ToException(new InferenceError(ErrorCode.Internal, "the server failed unexpectedly; its log says how"));
        }
    }
}
