using System.Net;
using InferenceServer.Host.Certificates;
using InferenceServer.Host.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace InferenceServer.Host.Listeners;

/// <summary>Opens the ports.</summary>
internal static class ListenerSetup
{
    // gRPC sends tensors of many megabytes: the wider the window, the more of them is on its way while nobody has read it yet.
    private const int WidestWindow = 4 << 20;
    private const int NarrowestWindow = 256 << 10;

    // Each connection may have so much unread, wherever there is much memory.
    private const int WidestConnectionWindow = 128 << 20;

    /// <summary>Of the memory for requests, this part may come unread in one request: in all that one connection may have at once, a tenth.</summary>
    private const int WindowPart = 1024;

    /// <summary>The longest first line of an HTTP request, in bytes; a longer one is answered with 414.</summary>
    public const int MaxRequestLineBytes = 8 << 10;

    /// <summary>The most bytes of all headers of an HTTP request, and the most headers; beyond that the answer is 431.</summary>
    public const int MaxHeaderBytes = 32 << 10;

    /// <inheritdoc cref="MaxHeaderBytes"/>
    public const int MaxHeaders = 100;

    /// <summary>Whoever does not get a handshake done in this time has no business here.</summary>
    private static readonly TimeSpan s_handshakeTimeout = TimeSpan.FromSeconds(10);

    public static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;

        // Each front end has limits of its own that say what they are in its own words.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxRequestLineSize = MaxRequestLineBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
        kestrel.Limits.Http2.KeepAlivePingDelay = options.GrpcConnections.KeepAliveTime;
        kestrel.Limits.Http2.KeepAlivePingTimeout = options.GrpcConnections.KeepAliveTimeout;
        kestrel.Limits.Http2.InitialStreamWindowSize = WindowOf(options.RequestMemory.MaxBytes);

        kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindowOf(options.RequestMemory.MaxBytes, kestrel.Limits.Http2.MaxStreamsPerConnection);

        // Over TLS a client says in the handshake which it speaks; without it, it is one or the other.
        Listen(kestrel, options.Http, options.Security.HttpTls is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2, Listener.Http);
        Listen(kestrel, options.Grpc, HttpProtocols.Http2, Listener.Rpc, AgeOf(kestrel, options.GrpcConnections));
        Listen(kestrel, options.Metrics, HttpProtocols.Http1, Listener.Metrics);
    }

    /// <summary>How many bytes of one request over HTTP/2 may come before any of them is read.</summary>
    /// <param name="memory">What the bodies of all requests may take; 0 for no limit.</param>
    internal static int WindowOf(long memory) => memory == 0 ? WidestWindow : (int)Math.Clamp(memory / WindowPart, NarrowestWindow, WidestWindow);

    /// <summary>As <see cref="WindowOf"/>, of all requests of one connection: those that wait unread must not use the window up that the others need.</summary>
    /// <param name="memory">What the bodies of all requests may take; 0 for no limit.</param>
    /// <param name="requests">How many there may be at once.</param>
    internal static int ConnectionWindowOf(long memory, int requests) => memory == 0 ? WidestWindow : (int)Math.Min((long)WindowOf(memory) * requests, WidestConnectionWindow);

    private static ConnectionAge? AgeOf(KestrelServerOptions kestrel, ConnectionOptions options) => options.MaxAge == Timeout.InfiniteTimeSpan
        ? null
        : new ConnectionAge(options.MaxAge, options.MaxAgeGrace, kestrel.ApplicationServices.GetRequiredService<TimeProvider>(), Random.Shared.NextDouble);

    private static void Listen(KestrelServerOptions kestrel, IPEndPoint? endPoint, HttpProtocols protocols, Listener listener, ConnectionAge? age = null)
    {
        if (endPoint is null)
        {
            return;
        }

        var feature = new ListenerFeature(listener);
        var limit = kestrel.ApplicationServices.GetRequiredService<ConnectionLimit>();
        kestrel.Listen(endPoint, listen =>
        {
            listen.Protocols = protocols;
            listen.Use(next => limit.Before(listener, next));
            if (age is not null)
            {
                listen.Use(age.Before);
            }

            if (kestrel.ApplicationServices.GetRequiredService<CertificateSources>().Of(listener) is { } certificate)
            {
                listen.UseHttps(new TlsHandshakeCallbackOptions { HandshakeTimeout = s_handshakeTimeout, OnConnection = _ => ValueTask.FromResult(certificate.MakeOptions()) });
            }

            listen.Use(next => connection =>
            {
                connection.Features.Set(feature);
                return next(connection);
            });
        });
    }
}
