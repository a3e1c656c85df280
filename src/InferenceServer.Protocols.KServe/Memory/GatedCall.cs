using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Rpc.Plain;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>Has the large messages of calls that gRPC's library answers wait for room before it reads them, and keep that until they are answered. For calls with one message.</summary>
/// <param name="library">What answers the calls.</param>
/// <param name="gate">The memory.</param>
/// <param name="options">How large messages may become.</param>
internal sealed class GatedCall(RequestDelegate library, RequestMemoryGate gate, KServeRpcOptions options)
{
    public Task HandleAsync(HttpContext context) => gate.Limit > 0 && IsRpc(context.Request) ? AnswerAsync(context) : library(context);

    /// <summary>What is none, the library tells so.</summary>
    private static bool IsRpc(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && HttpProtocol.IsHttp2(request.Protocol) && request.ContentType?.StartsWith(RpcFailureWriter.ContentType, StringComparison.Ordinal) == true;

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            var head = await FrameHead.PeekAsync(context.Request.BodyReader, CancellationToken.None).ConfigureAwait(false);
            if (head is { } known && known.IsGated(options))
            {
                await AnswerLargeAsync(context, known).ConfigureAwait(false);
                return;
            }
        }
        catch (Exception exception) when (exception is not BadHttpRequestException && (exception is IOException || (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested)))
        {
            // The client has gone: there is nobody to answer.
            return;
        }

        await library(context).ConfigureAwait(false);
    }

    private async Task AnswerLargeAsync(HttpContext context, FrameHead head)
    {
        TimeSpan? timeLimit = context.Request.Headers.GrpcTimeout is [{ } text] && RpcTimeout.TryParse(text, out var time) ? time : null;
        using var room = new RequestRoom();
        room.Open(gate, timeLimit, context);
        if (await room.GrowToAsync(head.MostBytes(options)).ConfigureAwait(false) is { } refusal)
        {
            await RpcFailureWriter.WriteAsync(context, RpcErrorMapping.ToException(refusal)).ConfigureAwait(false);
            return;
        }

        if (timeLimit is not null && room.Waited > TimeSpan.Zero)
        {
            // The library reckons from when it gets the call.
            context.Request.Headers.GrpcTimeout = RpcTimeout.Format(room.TimeLeft(timeLimit)!.Value);
        }

        // For whoever knows what has become of it.
        context.Features.Set(room);
        await library(context).ConfigureAwait(false);
    }
}
