using InferenceServer.Core.Tracing;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Tracing;

/// <summary>
/// When a unary call came: its method is called only when its message has been read, which is too late to look at the clock. Costs a
/// call nothing while nothing is traced.
/// </summary>
internal static class RpcArrival
{
    private static readonly object s_key = new();

    /// <summary>Remembers when calls come before their message is read.</summary>
    public static RequestDelegate Watch(RequestDelegate next, RequestTracer tracer) => context =>
    {
        if (tracer.Timestamp is > 0 and var timestamp)
        {
            context.Items[s_key] = timestamp;
        }

        return next(context);
    };

    /// <summary>When the call came; 0 when that is not known.</summary>
    public static long Of(HttpContext context, RequestTracer tracer) => tracer.IsOn && context.Items.TryGetValue(s_key, out var timestamp) ? (long)timestamp! : 0;
}
