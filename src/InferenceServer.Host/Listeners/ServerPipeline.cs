using InferenceServer.Core.Hosting;
using InferenceServer.Host.Metrics;
using InferenceServer.Host.Options;
using InferenceServer.Host.Security;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.Rpc;
using Microsoft.AspNetCore.Connections.Features;

namespace InferenceServer.Host.Listeners;

/// <summary>Gives each port its routes. A route of one port does not exist on the others.</summary>
internal static class ServerPipeline
{
    public static void Build(WebApplication app, MetricsEndpoint metricsEndpoint)
    {
        var phase = app.Services.GetRequiredService<ServerPhase>();
        app.Use(next => context =>
        {
            if (phase.IsLeaving)
            {
                // Whoever keeps his connection is to make his next one elsewhere: over HTTP/1.1 it ends with this answer, over HTTP/2 it takes no further calls (GOAWAY).
                context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
            }

            return next(context);
        });
        app.MapWhen(static context => Is(context, Listener.Http), static http =>
        {
            if (!http.ApplicationServices.GetRequiredService<SecurityOptions>().ChecksCallers)
            {
                // Who may do what goes by the parts of the path.
                http.UseKnownHttpEndpoints();
            }

            http.UseRouting();
            http.UsePages();
            http.UseAccess(AccessAnswers.WriteHttpAsync);
            http.UseRestrictions(http.ApplicationServices.GetRequiredService<ServerOptions>().HttpRestrictions, RestrictedAnswers.WriteHttpAsync);
            http.UseEndpoints(static endpoints =>
            {
                endpoints.MapKServeHttp().Audit(endpoints.ServiceProvider);
                endpoints.MapKServeNotFound();
            });
        });
        app.MapWhen(static context => Is(context, Listener.Rpc), static rpc =>
        {
            rpc.UseKnownRpcEndpoints();
            rpc.UseRouting();
            rpc.UseAccess(AccessAnswers.WriteRpcAsync);
            rpc.UseRestrictions(rpc.ApplicationServices.GetRequiredService<ServerOptions>().GrpcRestrictions, RestrictedAnswers.WriteRpcAsync);
            rpc.UseEndpoints(static endpoints => endpoints.MapKServeRpc().Audit(endpoints.ServiceProvider));
        });
        app.MapWhen(static context => Is(context, Listener.Metrics), metrics =>
        {
            metrics.UseRouting();
            metrics.UseAccess(AccessAnswers.WriteHttpAsync);
            metrics.UseRestrictions(metrics.ApplicationServices.GetRequiredService<ServerOptions>().HttpRestrictions, RestrictedAnswers.WriteHttpAsync);
            metrics.UseEndpoints(endpoints =>
            {
                // Every other method is answered with 405, every other path with 404.
                endpoints.MapMethods("/metrics", [HttpMethods.Get], (RequestDelegate)metricsEndpoint.HandleAsync).WithMetadata(new AccessMetadata(AccessRule.Metrics) { Action = "/metrics" }, new ApiCategoryMetadata(null));

                // Probes that have no certificate, and those of a server whose other ports are full, ask here.
                endpoints.MapKServeHealth();
            });
        });
    }

    private static bool Is(HttpContext context, Listener listener) => context.Features.Get<ListenerFeature>()?.Listener == listener;
}
