using System.Globalization;
using Grpc.Core;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Problems;
using InferenceServer.Protocols.KServe.Rpc;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>How each protocol says that a request goes no further than the question who sends it.</summary>
public static class AccessAnswers
{
    /// <summary>The most bytes that are read of a call that has been refused.</summary>
    private const long MaxDrained = 1 << 20;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>The status of the error's code, with what RFC 6750 has of a challenge.</summary>
    public static Task WriteHttpAsync(HttpContext context, InferenceError error)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(error);
        AddChallenge(context, error);
        return HttpErrorWriter.WriteAsync(context, error);
    }

    /// <summary>The status of the error's code in a response that is nothing but its trailers: the call ends before it has begun.</summary>
    public static Task WriteRpcAsync(HttpContext context, InferenceError error)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(error);
        return WriteRpcAsync(context, error, RpcErrorMapping.StatusOf(error.Code));
    }

    internal static async Task WriteRpcAsync(HttpContext context, InferenceError error, StatusCode status)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)status).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = RpcStatusText.Escape(error.Message);
        context.Response.Headers[RpcProblem.TrailerName] = RpcProblem.Encode(error, status, error.Message);
        await context.Response.CompleteAsync().ConfigureAwait(false);
        await DrainAsync(context).ConfigureAwait(false);
    }

    /// <summary>
    /// A client whose message is still on its way is not to find its stream reset: some then tell their callers that the call was cancelled, and not what it was answered with. It sees the end
    /// of the answer and ends its own side; whoever does not is reset after a moment.
    /// </summary>
    private static async Task DrainAsync(HttpContext context)
    {
        using var patience = new CancellationTokenSource(s_patience, context.RequestServices.GetService<TimeProvider>() ?? TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        var body = context.Request.BodyReader;
        try
        {
            for (var left = MaxDrained; left > 0;)
            {
                var read = await body.ReadAsync(either.Token).ConfigureAwait(false);
                left -= read.Buffer.Length;
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or BadHttpRequestException)
        {
            // It goes on sending, or has gone: either way it has had its answer.
        }
    }

    private static void AddChallenge(HttpContext context, InferenceError error)
    {
        // A request without a credential is told how to get in and nothing else; the reason why a credential is not taken is nobody's business.
        var challenge = error switch
        {
            { Code: ErrorCode.Unauthenticated, Expected: "a credential" } => "Bearer realm=\"inference-server\"",
            { Code: ErrorCode.Unauthenticated } => "Bearer realm=\"inference-server\", error=\"invalid_token\"",
            { Code: ErrorCode.PermissionDenied, Expected: { } scopes } => $"Bearer realm=\"inference-server\", error=\"insufficient_scope\", scope=\"{scopes.Replace(" for *", "", StringComparison.Ordinal)}\"",
            _ => null,
        };
        if (challenge is not null)
        {
            context.Response.Headers.WWWAuthenticate = challenge;
        }
    }
}
