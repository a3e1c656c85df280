using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Forwarding;
using InferenceServer.Protocols.KServe.Tracing;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>From a message to a request that the engine can take, for the unary rpc and for the stream alike.</summary>
internal sealed class InferAdmission(IInferenceEngine engine, KServeRpcOptions options)
{
    private readonly SharedTensors _shared = new(engine, options.MaxReceiveMessageBytes);

    /// <summary>Leases the model and reads the tensors. What is read is cleared from the message, which a call may keep alive for long.</summary>
    /// <param name="message">The message.</param>
    /// <param name="context">The call it came in.</param>
    /// <param name="awaited">Since when the message was waited for, as the tracer's timestamp.</param>
    /// <param name="allowsDecoupled">True where a request may have several responses.</param>
    /// <param name="request">The request, for the engine to take over; its trace is the caller's to dispose.</param>
    /// <param name="outputs">The outputs that go to shared memory, which the caller disposes after the last response; null for none.</param>
    /// <param name="error">Why there is none.</param>
    public bool TryAdmit(
        ModelInferRequest message,
        ServerCallContext context,
        long awaited,
        bool allowsDecoupled,
        [NotNullWhen(true)] out InferenceRequest? request,
        out SharedOutputs? outputs,
        [NotNullWhen(false)] out InferenceError? error)
    {
        request = null;
        outputs = null;
        if (!engine.TryAcquire(message.ModelName, message.ModelVersion, out var lease, out error))
        {
            return false;
        }

        if (!allowsDecoupled && lease.Model.Config.IsDecoupled)
        {
            lease.Dispose();
            error = InferRequestErrors.Decoupled(message.ModelName);
            return false;
        }

        var traceParent = TraceParents.Of(context.GetHttpContext().Request.Headers);
        var trace = engine.Tracer.Begin(lease.Model, traceParent, TraceActivity.RpcWaitReadStart, awaited);
        request = new InferenceRequest(lease) { Trace = trace, TraceParent = traceParent };
        trace?.Record(TraceActivity.RpcWaitReadEnd);
        try
        {
            error = InferRequestReader.Read(message, request, engine.Allocator, _shared, ref outputs)
                ?? options.HeaderForwarding?.Forward(RpcMetadata.AsHeaders(context.RequestHeaders), request.Parameters);
        }
        catch (BackendException exception)
        {
            error = new InferenceError(exception.Code, exception.Message);
        }
        catch
        {
            request.Dispose();
            trace?.Dispose();
            outputs?.Dispose();
            throw;
        }

        if (error is not null)
        {
            request.Dispose();
            trace?.Dispose();
            request = null;
            outputs?.Dispose();
            outputs = null;
            return false;
        }

        message.RawInputContents.Clear();
        message.Inputs.Clear();
        request.Deadline = context.Deadline == DateTime.MaxValue ? null : new DateTimeOffset(context.Deadline, TimeSpan.Zero);
        return true;
    }
}
