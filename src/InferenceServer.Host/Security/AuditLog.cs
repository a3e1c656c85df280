using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Host.Identities;
using InferenceServer.Protocols.KServe.Restrictions;

namespace InferenceServer.Host.Security;

/// <summary>
/// Tells who had the server changed, or tried to: one line for each, with everything that came from outside made fit for one. Its category is the name of this
/// type, so that a log collector can keep it apart.
/// </summary>
internal sealed class AuditLog(ILogger<AuditLog> logger)
{
    private const string Nobody = "-";

    /// <summary>Puts the telling around an endpoint that changes something; others are left as they are, and pay nothing.</summary>
    public void Watch(EndpointBuilder endpoint)
    {
        if (endpoint.RequestDelegate is { } answer && endpoint.Metadata.OfType<AccessMetadata>().LastOrDefault() is { Rule: AccessRule.Control or AccessRule.Settings or AccessRule.SharedMemory } access)
        {
            endpoint.RequestDelegate = context => IsChange(access, context) ? TellAsync(context, access, answer) : answer(context);
        }
    }

    /// <summary>Tells of an action that did not get to its endpoint.</summary>
    /// <param name="context">The exchange.</param>
    /// <param name="access">What the endpoint says of itself.</param>
    /// <param name="caller">Who it was; null when that is not known.</param>
    /// <param name="error">Why.</param>
    public void TellRefused(HttpContext context, AccessMetadata? access, Caller? caller, InferenceError error)
    {
        if (access is { Rule: AccessRule.Control or AccessRule.Settings or AccessRule.SharedMemory } && IsChange(access, context))
        {
            AuditEvents.Refused(logger, ActionOf(access, context), SubjectOf(context, null), caller?.Id ?? Nobody, AddressOf(context), error.Code.ToString());
        }
    }

    private static bool IsChange(AccessMetadata access, HttpContext context) => access.IsRpc || access.Rule == AccessRule.Control || !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method));

    private async Task TellAsync(HttpContext context, AccessMetadata access, RequestDelegate answer)
    {
        var record = new ControlRecord();
        context.Features.Set(record);
        var outcome = "broken off";
        try
        {
            await answer(context);
            outcome = access.IsRpc ? StatusOf(context) : context.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
        }
        finally
        {
            if (!record.IsReading)
            {
                AuditEvents.Done(logger, ActionOf(access, context), SubjectOf(context, record), context.Features.Get<Caller>()?.Id ?? Nobody, AddressOf(context), outcome);
            }
        }
    }

    private static string ActionOf(AccessMetadata access, HttpContext context) => access.IsRpc ? access.Action : $"{AuditText.Of(context.Request.Method)} {access.Action}";

    private static string SubjectOf(HttpContext context, ControlRecord? record)
    {
        if (record is { Subject.Length: > 0 })
        {
            return AuditText.Of(record.Subject);
        }

        var values = context.Request.RouteValues;
        return values.TryGetValue("model", out var name) || values.TryGetValue("alias", out name) || values.TryGetValue("region", out name) ? AuditText.Of(name as string) : Nobody;
    }

    private static string AddressOf(HttpContext context) => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The status of an rpc stands behind its message, or in front where there is none.</summary>
    private static string StatusOf(HttpContext context)
    {
        var text = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>()?.Trailers["grpc-status"].ToString() is { Length: > 0 } trailer ? trailer : context.Response.Headers["grpc-status"].ToString();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? ((Grpc.Core.StatusCode)code).ToString() : "OK";
    }
}
