using InferenceServer.Abstractions.Errors;
using InferenceServer.Host.Identities;
using Microsoft.Net.Http.Headers;
using Prometheus;

namespace InferenceServer.Host.Security;

/// <summary>Puts access control into the pipeline of a listener.</summary>
internal static class AccessPipeline
{
    /// <summary>The headers that the server has a meaning for.</summary>
    private static readonly string[] s_headers =
    [
        HeaderNames.Accept, HeaderNames.Authorization, HeaderNames.ContentType, HeaderNames.ContentEncoding, HeaderNames.IfMatch, HeaderNames.IfNoneMatch,
        "X-API-Key", "Inference-Header-Content-Length", "traceparent", "tracestate",
    ];

    private static readonly string[] s_answered = [HeaderNames.ETag, HeaderNames.RetryAfter, HeaderNames.WWWAuthenticate, "Inference-Header-Content-Length"];

    private static readonly TimeSpan s_preflightAge = TimeSpan.FromMinutes(10);

    /// <summary>Asks callers who they are, where that is wanted.</summary>
    /// <param name="app">The listener's pipeline, behind the choice of the endpoint.</param>
    /// <param name="refuse">How the listener's protocol says no.</param>
    public static void UseAccess(this IApplicationBuilder app, Func<HttpContext, InferenceError, Task> refuse)
    {
        if (app.ApplicationServices.GetRequiredService<SecurityOptions>().ChecksCallers)
        {
            app.UseMiddleware<AccessMiddleware>(refuse);
        }
    }

    /// <summary>
    /// Answers the questions of browsers whether a page may call. They come without a credential and get no more than that answer; the call itself is decided on as
    /// any other. Cookies play no part here, so that no page can use what somebody else is logged in with.
    /// </summary>
    public static void UsePages(this IApplicationBuilder app)
    {
        if (app.ApplicationServices.GetRequiredService<SecurityOptions>().Cors is not { } cors)
        {
            return;
        }

        app.UseCors(policy =>
        {
            policy.WithMethods(HttpMethods.Get, HttpMethods.Post, HttpMethods.Put, HttpMethods.Delete).WithHeaders([.. s_headers, .. cors.Headers]).WithExposedHeaders(s_answered).SetPreflightMaxAge(s_preflightAge);
            if (cors.Origins.Contains("*"))
            {
                policy.AllowAnyOrigin();
            }
            else
            {
                policy.WithOrigins([.. cors.Origins]);
            }
        });
    }

    /// <summary>Has every change told in the audit log, whoever asks for it.</summary>
    public static void Audit(this IEndpointConventionBuilder endpoints, IServiceProvider services) => endpoints.Finally(services.GetRequiredService<AuditLog>().Watch);

    /// <summary>Adds what access control counts to the metrics.</summary>
    public static void AddSecurityMetrics(this IServiceProvider services, CollectorRegistry registry)
    {
        if (services.GetRequiredService<SecurityOptions>().ChecksCallers)
        {
            services.GetRequiredService<AccessCounters>().AddTo(registry, services.GetRequiredService<QuotaTable>());
        }

        var certificates = services.GetRequiredService<Certificates.CertificateSources>().All.ToArray();
        if (certificates.Length > 0)
        {
            var gauge = Prometheus.Metrics.WithCustomRegistry(registry).CreateGauge("inference_server_certificate_expiry_timestamp_seconds", "When the certificate of a port ends, in seconds since 1970", "listener");
            registry.AddBeforeCollectCallback(() =>
            {
                foreach (var certificate in certificates)
                {
                    gauge.WithLabels(certificate.Listener).Set(certificate.ExpiresAt.ToUnixTimeSeconds());
                }
            });
        }
    }
}
