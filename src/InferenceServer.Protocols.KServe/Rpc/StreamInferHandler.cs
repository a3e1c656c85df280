using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Observation;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.Restrictions;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Answers <c>ModelStreamInfer</c>: reads requests as they come and has each one's responses sent.</summary>
internal sealed class StreamInferHandler(IInferenceEngine engine, IModelControl control, KServeRpcOptions options)
{
    /// <summary>The metadata by which a client asks for errors as the status of the call, and its value.</summary>
    private const string ErrorModeName = "triton_grpc_error";

    private readonly InferAdmission _admission = new(engine, options);

    /// <exception cref="RpcException">The client asked for errors as statuses and there was one, or the server stops.</exception>
    public async Task HandleAsync(IAsyncStreamReader<ModelInferRequest> requests, IServerStreamWriter<ModelStreamInferResponse> responses, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        var endsAtErrors = string.Equals(context.RequestHeaders.GetValue(ErrorModeName), "true", StringComparison.Ordinal);
        using var call = new StreamInferCall(responses, context, engine.Allocator, endsAtErrors, new StreamRoom(options.MaxRequestsPerStream, options.MaxUnreadBytesPerStream));
        try
        {
            while (await call.WaitForRoomAsync(control.Stopping).ConfigureAwait(false))
            {
                var awaited = engine.Tracer.Timestamp;
                if (!await ReadAsync(requests, call).ConfigureAwait(false))
                {
                    break;
                }

                await StartAsync(requests.Current, context, awaited, call).ConfigureAwait(false);
            }
        }
        finally
        {
            // Whatever ended the reading, nothing may write to the call after this method.
            await call.DrainAsync().ConfigureAwait(false);
        }

        if (call.Ended.IsFaulted)
        {
            await call.Ended.ConfigureAwait(false);
        }

        context.CancellationToken.ThrowIfCancellationRequested();
        if (call.Failure is { } failure)
        {
            throw RpcErrorMapping.ToException(failure);
        }

        if (control.IsStopping && !call.HasReadToEnd)
        {
            throw RpcErrorMapping.ToException(new InferenceError(ErrorCode.Unavailable, "the server is stopping and has stopped accepting new requests"));
        }
    }

    /// <returns>False when no more requests are to be read.</returns>
    private async Task<bool> ReadAsync(IAsyncStreamReader<ModelInferRequest> requests, StreamInferCall call)
    {
        var next = requests.MoveNext(call.Cancellation);
        if (!next.IsCompleted)
        {
            // A stream on which nothing happens must not keep the server from stopping.
            await Task.WhenAny(next, control.Stopping, call.Ended).ConfigureAwait(false);
            if (!next.IsCompleted)
            {
                return false;
            }
        }

        try
        {
            if (await next.ConfigureAwait(false))
            {
                return true;
            }
        }
        catch (OperationCanceledException) when (call.Ended.IsCompleted)
        {
            // The stream has ended early while this was waiting: why, the call itself says.
            return false;
        }
        catch (Exception exception) when (exception is IOException || (exception is InvalidOperationException && call.IsOver))
        {
            // The client has gone without ending its stream; the library says by the second that there is nothing to read from any more.
            call.Abandon();
            return false;
        }

        call.HasReadToEnd = true;
        return false;
    }

    private async ValueTask StartAsync(ModelInferRequest message, ServerCallContext context, long awaited, StreamInferCall call)
    {
        var record = ObservedRpc.Begin(engine, message, context);
        CallerPermit? permit = null;
        if (context.GetHttpContext().Features.Get<Caller>() is { } caller && !MessageAccess.TryAdmit(caller, control, message, out permit, out var refused))
        {
            refused.Counted(context.GetHttpContext());
            call.Refuse(new StreamReply(message) { Record = record }, refused);
            return;
        }

        RpcAdmission admission;
        try
        {
            admission = await AdmitAsync(message, context, record, awaited, call).ConfigureAwait(false);
        }
        catch
        {
            permit?.Dispose();
            throw;
        }

        if (!admission.TryGet(out var request, out var error))
        {
            permit?.Dispose();
            call.Refuse(new StreamReply(message) { Record = record }, error);
            return;
        }

        // All are read before the engine takes the request over.
        var isOrdered = !request.Lease.Model.Config.IsDecoupled;
        var reply = new StreamReply(message, admission.Outputs) { Record = record, Permit = permit };
        InferenceStream stream;
        try
        {
            stream = engine.StartStream(request, call.Cancellation);
        }
        catch (Exception exception)
        {
            reply.Permit?.Dispose();
            reply.Shared?.Dispose();
            if (exception is not BackendException refusal)
            {
                ObservedRpc.Fail(record, exception, context);
                record.Dispose();
                throw;
            }

            call.Refuse(new StreamReply(message) { Record = record }, new InferenceError(refusal.Code, refusal.Message));
            return;
        }

        call.Send(reply, stream, isOrdered);
    }

    private async ValueTask<RpcAdmission> AdmitAsync(ModelInferRequest message, ServerCallContext context, RequestRecord record, long awaited, StreamInferCall call)
    {
        try
        {
            return await _admission.AdmitAsync(message, context, record, awaited, allowsDecoupled: true, call.Cancellation).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            ObservedRpc.Fail(record, exception, context);
            record.Dispose();
            throw;
        }
    }
}
