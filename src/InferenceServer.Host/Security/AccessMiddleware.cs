using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Restrictions;

namespace InferenceServer.Host.Security;

/// <summary>
/// The one place where it is decided who may do what: between the choice of the endpoint and its work, for every endpoint of a listener, by what the endpoint says
/// of itself. An endpoint that says nothing is for nobody. It is only there where callers are asked who they are.
/// </summary>
internal sealed class AccessMiddleware(RequestDelegate next, Authenticator authenticator, IModelControl control, SecurityOptions options, AccessRefusals refusals, AuditLog audit, Func<HttpContext, InferenceError, Task> refuse)
{
    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        var access = endpoint?.Metadata.GetMetadata<AccessMetadata>();
        if (endpoint is null || access is { Rule: AccessRule.Nothing })
        {
            return next(context);
        }

        var identifying = authenticator.IdentifyAsync(context);
        return identifying.IsCompletedSuccessfully ? DecideAsync(context, access, identifying.Result) : WaitAsync(context, access, identifying);
    }

    private async Task WaitAsync(HttpContext context, AccessMetadata? access, ValueTask<Credential> identifying) => await DecideAsync(context, access, await identifying);

    private Task DecideAsync(HttpContext context, AccessMetadata? access, Credential credential)
    {
        var isPublic = access?.Rule switch
        {
            AccessRule.Health => options.HealthIsPublic,
            AccessRule.Metrics => options.MetricsArePublic,
            _ => false,
        };
        if (credential.Caller is not { } caller)
        {
            return isPublic ? next(context) : RefuseAsync(context, access, null, credential.Error ?? AccessErrors.Anonymous());
        }

        context.Features.Set(caller);
        if (isPublic)
        {
            return next(context);
        }

        if (FindRefusal(context, access, caller) is { } refusal)
        {
            return RefuseAsync(context, access, caller, refusal);
        }

        if (caller.Quota is not { } quota)
        {
            return next(context);
        }

        // Each request of a stream is counted by itself; to open one is one request more.
        var isCounted = access is { IsStream: false } && quota.Limits.ConcurrentRequests is not null;
        var verdict = isCounted ? quota.TryEnter(out var retryAfter) : quota.TrySpend(out retryAfter);
        return verdict != QuotaVerdict.Admitted ? RefuseAsync(context, access, caller, AccessErrors.Quota(verdict, quota.Limits, retryAfter))
            : isCounted ? RunAsync(context, quota)
            : next(context);
    }

    private InferenceError? FindRefusal(HttpContext context, AccessMetadata? access, Caller caller)
    {
        if (access is null)
        {
            return AccessErrors.Unclassified();
        }

        if (access.IsRpc)
        {
            // Which model, and whether it is a change, the message says, which is decided on when it has been read.
            var scopes = AccessDecision.ScopesOf(access.Rule, isReading: true) | AccessDecision.ScopesOf(access.Rule, isReading: false);
            return scopes == AccessScopes.None || caller.HoldsAny(scopes) ? null : AccessErrors.Scope(scopes);
        }

        var isReading = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        var values = context.Request.RouteValues;
        return values.TryGetValue("model", out var model) || values.TryGetValue("alias", out model)
            ? AccessDecision.OfModel(caller, access.Rule, isReading, control.FindRightsName(model as string ?? ""))
            : AccessDecision.OfServer(caller, access.Rule, isReading);
    }

    private async Task RunAsync(HttpContext context, CallerQuota quota)
    {
        try
        {
            await next(context);
        }
        finally
        {
            quota.Leave();
        }
    }

    private Task RefuseAsync(HttpContext context, AccessMetadata? access, Caller? caller, InferenceError error)
    {
        refusals.Count(error.Code);
        audit.TellRefused(context, access, caller, error);
        return refuse(context, error);
    }
}
