using InferenceServer.Core.Tracing;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Tracing;

/// <summary>Finds the <c>traceparent</c> of a request, over HTTP as over gRPC, whose metadata are headers too (W3C Trace Context).</summary>
internal static class TraceParents
{
    /// <summary>The header as it came; null when there is none, or more than one, which is to be ignored.</summary>
    public static string? Of(IHeaderDictionary headers) => headers.TraceParent is [{ } only] ? only : null;

    /// <summary>The header that tells a client which span its request had (W3C Trace Context, level 2).</summary>
    public const string ResponseHeader = "traceresponse";

    /// <summary>Tells the client which span its request has, where it has one.</summary>
    public static void Tell(HttpContext context, RequestTrace? trace)
    {
        if (trace?.Response is { } response)
        {
            context.Response.Headers[ResponseHeader] = response;
        }
    }

    /// <summary>The id of the caller's trace, for a line of the log; <c>none</c> when there is none.</summary>
    public static string IdOf(IHeaderDictionary headers) => TraceContext.Parse(Of(headers)) is { IsEmpty: false } context ? context.TraceId : "none";
}
