using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Tracing;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Observation;

/// <summary>Observes the requests of gRPC calls: that of a unary one, and each of a stream.</summary>
internal static class ObservedRpc
{
    /// <summary>A message has come.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="message">The message.</param>
    /// <param name="context">The call it came in.</param>
    /// <returns>Its record, which the caller disposes when its last answer has left.</returns>
    public static RequestRecord Begin(IInferenceEngine engine, ModelInferRequest message, ServerCallContext context) => Begin(engine, message.ModelName, message.Id, context.GetHttpContext());

    /// <summary>As the other one, for a message that was read by other means.</summary>
    public static RequestRecord Begin(IInferenceEngine engine, string model, string id, HttpContext http)
    {
        var record = engine.Observer.Begin(RequestProtocol.Rpc, model);
        record.TraceParent = TraceParents.Of(http.Request.Headers);
        record.RequestId = id;
        record.Caller = http.Features.Get<Caller>();
        record.NameBy(http, static transport => RequestNames.Of((HttpContext)transport));

        // Until it is answered: if it never is, nobody waited.
        record.Code = (int)StatusCode.Cancelled;
        return record;
    }

    /// <summary>The request has been refused, or has failed.</summary>
    public static void Fail(RequestRecord? record, InferenceError error)
    {
        if (record is not null)
        {
            record.Code = (int)RpcErrorMapping.StatusOf(error.Code);
        }
    }

    /// <summary>The call ends by an exception.</summary>
    public static void Fail(RequestRecord record, Exception exception, ServerCallContext context) => Fail(record, exception, context.GetHttpContext(), context.CancellationToken);

    /// <summary>As the other one.</summary>
    public static void Fail(RequestRecord record, Exception exception, HttpContext http, CancellationToken cancellationToken)
    {
        record.Code = (int)(exception switch
        {
            RpcException { StatusCode: var code } => code,
            BackendException failure => RpcErrorMapping.StatusOf(failure.Code),
            _ when cancellationToken.IsCancellationRequested => StatusCode.Cancelled,
            _ => StatusCode.Internal,
        });

        // For whoever tells of it.
        http.Features.Set(record);
    }
}
