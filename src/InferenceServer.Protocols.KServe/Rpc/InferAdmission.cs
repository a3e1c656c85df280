using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Forwarding;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>From a message to a request that the engine can take, for the unary rpc and for the stream alike.</summary>
internal sealed class InferAdmission(IInferenceEngine engine, KServeRpcOptions options)
{
    private readonly SharedTensors _shared = new(engine, options.MaxReceiveMessageBytes);

    /// <summary>Leases the model and reads the tensors. What is read is cleared from the message, which a call may keep alive for long.</summary>
    /// <param name="message">The message.</param>
    /// <param name="context">The call it came in.</param>
    /// <param name="record">The request, as far as it is known.</param>
    /// <param name="awaited">Since when the message was waited for, as the tracer's timestamp.</param>
    /// <param name="allowsDecoupled">True where a request may have several responses.</param>
    /// <param name="cancellationToken">Signalled when the client has gone.</param>
    public async ValueTask<RpcAdmission> AdmitAsync(ModelInferRequest message, ServerCallContext context, RequestRecord record, long awaited, bool allowsDecoupled, CancellationToken cancellationToken)
    {
        var key = engine.FindStickyHeader(message.ModelName) is { } header ? context.GetHttpContext().Request.Headers[header].ToString() : null;
        var acquiring = key is null
            ? engine.AcquireAsync(message.ModelName, message.ModelVersion, cancellationToken)
            : engine.AcquireAsync(message.ModelName, message.ModelVersion, key, cancellationToken);
        var outcome = await acquiring.ConfigureAwait(false);
        return outcome.TryGet(out var lease, out var error) ? Admit(lease, message, context, record, awaited, allowsDecoupled) : new RpcAdmission(null, null, error);
    }

    private RpcAdmission Admit(ModelLease lease, ModelInferRequest message, ServerCallContext context, RequestRecord record, long awaited, bool allowsDecoupled)
    {
        SharedOutputs? outputs = null;
        InferenceError? error;
        if (!allowsDecoupled && lease.Model.Config.IsDecoupled)
        {
            lease.Dispose();
            return new RpcAdmission(null, null, InferRequestErrors.Decoupled(message.ModelName));
        }

        record.Follow(lease.Model);
        engine.Tracer.Begin(record, lease.Model, TraceActivity.RpcWaitReadStart, awaited);
        var request = new InferenceRequest(lease) { Record = record, Trace = record.Trace, TraceParent = record.TraceParent };
        record.Trace?.Record(TraceActivity.RpcWaitReadEnd);
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
            outputs?.Dispose();
            throw;
        }

        if (error is not null)
        {
            request.Dispose();
            outputs?.Dispose();
            return new RpcAdmission(null, null, error);
        }

        message.RawInputContents.Clear();
        message.Inputs.Clear();
        request.Deadline = context.Deadline == DateTime.MaxValue ? null : new DateTimeOffset(context.Deadline, TimeSpan.Zero);
        request.IsDeadlineWatched = true;
        return new RpcAdmission(request, outputs, null);
    }
}
