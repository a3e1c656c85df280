using System.IO.Pipelines;
using Grpc.Core;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Observation;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.SharedMemory;
using InferenceServer.Protocols.KServe.Tracing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// Answers the calls of <c>ModelInfer</c> that nearly all clients make without gRPC's library and without generated messages: read where it lies, and written straight from the tensors. Every call that
/// has anything more to it, or anything wrong, goes to the library with its message untouched, so that there is one place that knows all of that.
/// </summary>
/// <param name="library">What answers the other calls when their message has been looked at, and has its room.</param>
/// <param name="gated">What answers those that are other calls by their head, and sees to their room.</param>
/// <param name="engine">The engine.</param>
/// <param name="control">The models.</param>
/// <param name="options">What holds for all calls.</param>
/// <param name="memory">What large messages take their room from.</param>
/// <param name="endpoints">Where the endpoint is kept.</param>
/// <param name="logger">Where what is not expected goes.</param>
internal sealed class PlainInferCall(RequestDelegate library, RequestDelegate gated, IInferenceEngine engine, IModelControl control, KServeRpcOptions options, RequestMemoryGate memory, InferenceEndpoints endpoints, ILogger logger)
{
    /// <summary>The path of the calls.</summary>
    public const string Method = "/inference.GRPCInferenceService/ModelInfer";
    private const string StatusName = "grpc-status";

    private static readonly StringValues s_ok = "0";

    private readonly PlainBodyReader _reader = new(engine.Allocator, options);
    private readonly SharedTensors _shared = new(engine, options.MaxReceiveMessageBytes);

    /// <summary>Answers a call.</summary>
    public Task HandleAsync(HttpContext context)
    {
        endpoints.Keep(Method, context.GetEndpoint());
        return MayBePlain(context, out var limit) ? AnswerAsync(context, limit) : gated(context);
    }

    /// <summary>Whether the head of the call allows it.</summary>
    private bool MayBePlain(HttpContext context, out TimeSpan? limit)
    {
        limit = null;
        var request = context.Request;
        if (options.HeaderForwarding is not null || options.InferResponseCompression is not null || !HttpMethods.IsPost(request.Method) || !HttpProtocol.IsHttp2(request.Protocol) || request.ContentType != RpcFailureWriter.ContentType)
        {
            return false;
        }

        var headers = request.Headers;
        if (headers.GrpcEncoding is { Count: > 0 } coding && coding != "identity")
        {
            return false;
        }

        if (headers.GrpcTimeout is not { Count: > 0 } timeout)
        {
            return true;
        }

        if (timeout is not [{ } text] || !RpcTimeout.TryParse(text, out var time))
        {
            return false;
        }

        limit = time;
        return true;
    }

    private async Task AnswerAsync(HttpContext context, TimeSpan? limit)
    {
        var awaited = engine.Tracer.Timestamp;
        using var message = PlainMessage.Rent();
        message.Room.Open(memory, limit, context);
        switch (await _reader.ReadAsync(context.Request.BodyReader, message).ConfigureAwait(false))
        {
            case ReadingOutcome.Other:
                if (message.Restored is { } restored)
                {
                    context.Request.Body = restored;
                }

                await library(context).ConfigureAwait(false);
                return;
            case ReadingOutcome.Gone:
                return;
            default:
                break;
        }

        using var record = ObservedRpc.Begin(engine, message.ModelName, message.Id, context);
        try
        {
            // Without room the message may not have been read far enough to tell which model it is for.
            var isKnown = message.Shortage is null || message.ModelName.Length > 0;
            var refusal = options.ChecksCallers && isKnown ? MessageAccess.FindRefusal(context.Features.Get<Caller>(), control, message.ModelName, message.UsesSharedMemory).Counted(context) : null;
            refusal ??= message.Shortage;
            await (refusal is null ? InferAsync(context, message, record, awaited, limit) : FailAsync(context, record, RpcErrorMapping.ToException(refusal))).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            ObservedRpc.Fail(record, exception, context, context.RequestAborted);
            var failure = RpcFailures.Translate(exception, context, Method, logger, context.RequestAborted);
            if (context.Response.HasStarted)
            {
                // Half an answer: only its breaking off can say so.
                record.HasBrokenOff = true;
                context.Abort();
                return;
            }

            await RpcFailureWriter.WriteAsync(context, failure).ConfigureAwait(false);
        }
    }

    private async Task InferAsync(HttpContext context, PlainMessage message, RequestRecord record, long awaited, TimeSpan? limit)
    {
        var gone = context.RequestAborted;
        await control.WaitForStartAsync(gone).ConfigureAwait(false);
        var acquiring = engine.FindStickyHeader(message.ModelName) is { } header
            ? engine.AcquireAsync(message.ModelName, message.ModelVersion, context.Request.Headers[header].ToString(), gone)
            : engine.AcquireAsync(message.ModelName, message.ModelVersion, gone);
        var leasing = await acquiring.ConfigureAwait(false);
        if (!leasing.TryGet(out var lease, out var error))
        {
            await FailAsync(context, record, RpcErrorMapping.ToException(error, message.Id)).ConfigureAwait(false);
            return;
        }

        if (lease.Model.Config.IsDecoupled)
        {
            lease.Dispose();
            await FailAsync(context, record, RpcErrorMapping.ToException(InferRequestErrors.Decoupled(message.ModelName), message.Id)).ConfigureAwait(false);
            return;
        }

        var (request, shared, refusal) = MakeRequest(lease, message, record, awaited, message.Room.TimeLeft(limit));
        using var places = shared;
        if (refusal is not null)
        {
            await FailAsync(context, record, RpcErrorMapping.ToException(refusal, message.Id)).ConfigureAwait(false);
            return;
        }

        if (message.Tensors.Count == 0 && !TryGiveBack(context.Request.BodyReader, message))
        {
            request.Dispose();
            return;
        }

        TraceParents.Tell(context, record.Trace);
        var outcome = await engine.InferAsync(request, gone).ConfigureAwait(false);
        record.BeginSend();
        record.Trace?.BeginSend(TraceActivity.RpcSendStart, TraceActivity.RpcSendEnd);
        if (!outcome.IsSuccess)
        {
            await FailAsync(context, record, RpcErrorMapping.ToException(outcome.Error, message.Id)).ConfigureAwait(false);
            return;
        }

        using var response = outcome.Response;
        if (shared?.Write(response) is { } unwritten)
        {
            await FailAsync(context, record, RpcErrorMapping.ToException(unwritten, message.Id)).ConfigureAwait(false);
            return;
        }

        await SendAsync(context, response, shared, record, gone).ConfigureAwait(false);
    }

    /// <summary>The message has been copied: the transport may have its memory back. False when the client has gone.</summary>
    private static bool TryGiveBack(PipeReader body, PlainMessage message)
    {
        try
        {
            body.AdvanceTo(message.Bytes.End);
            message.Bytes = default;
            return true;
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            return false;
        }
    }

    /// <summary>The request, and its places in shared memory; or why there is none, and then nothing is left of them.</summary>
    private (InferenceRequest Request, SharedOutputs? Places, InferenceError? Refusal) MakeRequest(ModelLease lease, PlainMessage message, RequestRecord record, long awaited, TimeSpan? limit)
    {
        record.Follow(lease.Model);
        engine.Tracer.Begin(record, lease.Model, TraceActivity.RpcWaitReadStart, awaited);
        var request = new InferenceRequest(lease) { Record = record, Trace = record.Trace, TraceParent = record.TraceParent, TimeLimit = limit, Id = message.Id };
        record.Trace?.Record(TraceActivity.RpcWaitReadEnd);
        SharedOutputs? places = null;
        InferenceError? refusal;
        try
        {
            refusal = PlainRequestReader.Read(message, request, engine.Allocator, _shared, ref places);
        }
        catch
        {
            request.Dispose();
            places?.Dispose();
            throw;
        }

        if (refusal is not null)
        {
            request.Dispose();
            places?.Dispose();
            places = null;
        }

        return (request, places, refusal);
    }

    private async Task SendAsync(HttpContext context, InferenceResponse response, SharedOutputs? shared, RequestRecord record, CancellationToken gone)
    {
        var size = PlainAnswer.Measure(response, shared);
        if (size > options.MaxSendMessageBytes)
        {
            var error = size > int.MaxValue ? InferResponseWriter.TooLarge(size) : new InferenceError(ErrorCode.ResourceExhausted, $"the response is a message of {size} bytes, expected at most {options.MaxSendMessageBytes}");
            await FailAsync(context, record, RpcErrorMapping.ToException(error, response.Id)).ConfigureAwait(false);
            return;
        }

        record.Code = (int)StatusCode.OK;
        context.Response.ContentType = RpcFailureWriter.ContentType;
        await PlainAnswer.WriteAsync(context.Response.BodyWriter, response, shared, size, gone).ConfigureAwait(false);
        context.Response.AppendTrailer(StatusName, s_ok);
        await context.Response.CompleteAsync().ConfigureAwait(false);
    }

    private static Task FailAsync(HttpContext context, RequestRecord record, RpcException failure)
    {
        record.Code = (int)failure.StatusCode;
        return RpcFailureWriter.WriteAsync(context, failure);
    }
}
