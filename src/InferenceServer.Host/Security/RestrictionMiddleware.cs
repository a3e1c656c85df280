using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Protocols.KServe.Restrictions;

namespace InferenceServer.Host.Security;

/// <summary>
/// The one place where access is decided: between the choice of the endpoint and its work, for every endpoint of a listener. What is
/// refused here is refused before the endpoint looks at the method or at the body.
/// </summary>
internal static class RestrictionMiddleware
{
    public static void UseRestrictions(this IApplicationBuilder app, ApiRestrictions restrictions, Func<HttpContext, string?, Task> refuse)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(RestrictionMiddleware));
        var audit = app.ApplicationServices.GetRequiredService<AuditLog>();
        app.Use(next => context =>
        {
            var endpoint = context.GetEndpoint();
            if (restrictions.IsAllowed(endpoint, context.Request.Headers, out var expected))
            {
                return next(context);
            }

            audit.TellRefused(context, endpoint?.Metadata.GetMetadata<AccessMetadata>(), context.Features.Get<Caller>(), new InferenceError(ErrorCode.PermissionDenied, ""));
            SecurityLog.Refused(logger, endpoint?.DisplayName ?? "", expected ?? "none");
            return refuse(context, expected);
        });
    }
}
