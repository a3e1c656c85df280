using Grpc.Core;
using Grpc.Core.Interceptors;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.Tracing;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// Makes a status of every exception that leaves an rpc. Only the messages of the server's own errors reach the client; what was not
/// expected is logged and answered in general words.
/// </summary>
internal sealed class RpcFailureInterceptor(ILogger<RpcFailureInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            throw Translate(exception, context);
        }
    }

    private RpcException Translate(Exception exception, ServerCallContext context)
    {
        switch (exception)
        {
            // What the generated base class throws for an rpc that is not overridden.
            case RpcException { StatusCode: StatusCode.Unimplemented, Status.Detail: "" }:
                return RpcErrorMapping.ToException(new InferenceError(ErrorCode.Unsupported, $"this server does not implement the rpc {context.Method}"));
            case RpcException expected:
                return expected;
            case BackendException failure:
                return RpcErrorMapping.ToException(new InferenceError(failure.Code, failure.Message));
            case OperationCanceledException when context.CancellationToken.IsCancellationRequested:
                return RpcErrorMapping.ToException(new InferenceError(ErrorCode.Cancelled, "the call was cancelled by its client"));
            default:
                var http = context.GetHttpContext();
                RpcLog.UnexpectedFailure(logger, exception, context.Method, http.Features.Get<RequestRecord>()?.Name ?? RequestNames.Of(http), TraceParents.IdOf(http.Request.Headers));
                return RpcErrorMapping.ToException(new InferenceError(ErrorCode.Internal, "the server failed unexpectedly; its log says how"));
        }
    }
}
