using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.Restrictions;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Answers <c>ModelStreamInfer</c>: reads requests as they come and has each one's responses sent.</summary>
internal sealed class StreamInferHandler(IInferenceEngine engine, IModelControl control, KServeRpcOptions options, RequestMemoryGate memory)
{
    /// <summary>The metadata by which a client asks for errors as the status of the call, and its value.</summary>
    private const string ErrorModeName = "triton_grpc_error";

    private static readonly Task<ArrivedMessage> s_nothing = Task.FromResult(default(ArrivedMessage));

    private readonly InferAdmission _admission = new(engine, options);

    /// <exception cref="RpcException">The client asked for errors as statuses and there was one, or the server stops.</exception>
    public async Task HandleAsync(IAsyncStreamReader<ModelInferRequest> requests, IServerStreamWriter<ModelStreamInferResponse> responses, ServerCallContext context)
    {
        await control.WaitForStartAsync(context.CancellationToken).ConfigureAwait(false);
        var endsAtErrors = string.Equals(context.RequestHeaders.GetValue(ErrorModeName), "true", StringComparison.Ordinal);
        using var call = new StreamInferCall(responses, context, engine.Allocator, endsAtErrors, new StreamRoom(options.MaxRequestsPerStream, options.MaxUnreadBytesPerStream));
        var messages = new GatedMessages(requests, context.GetHttpContext().Request.BodyReader, memory, options);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        var next = s_nothing;
        try
        {
            while (await call.WaitForRoomAsync(control.Stopping).ConfigureAwait(false))
            {
                var awaited = engine.Tracer.Timestamp;
                next = messages.ReadAsync(reading.Token);
                if (await TakeAsync(next, call).ConfigureAwait(false) is not { Message: not null } arrived)
                {
                    break;
                }

                next = s_nothing;
                await StartAsync(arrived, context, awaited, call).ConfigureAwait(false);
            }
        }
        finally
        {
            // Whatever ended the reading, nothing may write to the call after this method, and nothing read from it.
            await call.DrainAsync().ConfigureAwait(false);
            await reading.CancelAsync().ConfigureAwait(false);

            // What was not waited for has no news for anybody, but it may have room.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (next.IsCompletedSuccessfully)
            {
                (await next.ConfigureAwait(false)).Room?.Dispose();
            }
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

    /// <returns>No message when no more are to be read; what is still read then is not waited for.</returns>
    private async Task<ArrivedMessage> TakeAsync(Task<ArrivedMessage> next, StreamInferCall call)
    {
        if (!next.IsCompleted)
        {
            // A stream on which nothing happens must not keep the server from stopping.
            await Task.WhenAny(next, control.Stopping, call.Ended).ConfigureAwait(false);
            if (!next.IsCompleted)
            {
                return default;
            }
        }

        try
        {
            var arrived = await next.ConfigureAwait(false);
            call.HasReadToEnd = arrived.Message is null;
            return arrived;
        }
        catch (OperationCanceledException) when (call.Ended.IsCompleted)
        {
            // The stream has ended early while this was waiting: why, the call itself says.
            return default;
        }
        catch (Exception exception) when (exception is IOException || (exception is InvalidOperationException && call.IsOver))
        {
            // The client has gone without ending its stream; the library says by the second that there is nothing to read from any more.
            call.Abandon();
            return default;
        }
    }

    private async ValueTask StartAsync(ArrivedMessage arrived, ServerCallContext context, long awaited, StreamInferCall call)
    {
        var message = arrived.Message!;
        var reply = new StreamReply(message) { Record = ObservedRpc.Begin(engine, message, context), Room = arrived.Room };
        if (arrived.Refusal is { } shortage)
        {
            call.Refuse(reply, shortage);
            return;
        }

        try
        {
            await StartAsync(reply, context, awaited, call).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            ObservedRpc.Fail(reply.Record, exception, context);
            reply.Record.Dispose();
            reply.Room?.Dispose();
            throw;
        }
    }

    private async ValueTask StartAsync(StreamReply reply, ServerCallContext context, long awaited, StreamInferCall call)
    {
        CallerPermit? permit = null;
        if (context.GetHttpContext().Features.Get<Caller>() is { } caller && !MessageAccess.TryAdmit(caller, control, reply.Request, out permit, out var refused))
        {
            refused.Counted(context.GetHttpContext());
            call.Refuse(reply, refused);
            return;
        }

        RpcAdmission admission;
        try
        {
            admission = await _admission.AdmitAsync(reply.Request, context, reply.Record, awaited, allowsDecoupled: true, call.Cancellation).ConfigureAwait(false);
        }
        catch
        {
            permit?.Dispose();
            throw;
        }

        if (!admission.TryGet(out var request, out var error))
        {
            permit?.Dispose();
            call.Refuse(reply, error);
            return;
        }

        // All are read before the engine takes the request over.
        var isOrdered = !request.Lease.Model.Config.IsDecoupled;
        InferenceStream stream;
        try
        {
            stream = engine.StartStream(request, call.Cancellation);
        }
        catch (Exception exception)
        {
            permit?.Dispose();
            admission.Outputs?.Dispose();
            if (exception is not BackendException refusal)
            {
                throw;
            }

            call.Refuse(reply, new InferenceError(refusal.Code, refusal.Message));
            return;
        }

        call.Send(reply with { Shared = admission.Outputs, Permit = permit }, stream, isOrdered);
    }
}
