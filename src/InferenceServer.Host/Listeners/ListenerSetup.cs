using System.Net;
using InferenceServer.Host.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferenceServer.Host.Listeners;

/// <summary>Opens the ports.</summary>
internal static class ListenerSetup
{
    // gRPC sends tensors of many megabytes; with the default windows a sender waits for a round trip every 128 KB.
    private const int Http2WindowBytes = 4 << 20;

    public static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;

        // Each front end has limits of its own that say what they are in its own words.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.Http2.InitialConnectionWindowSize = Http2WindowBytes;
        kestrel.Limits.Http2.InitialStreamWindowSize = Http2WindowBytes;
        Listen(kestrel, options.Http, HttpProtocols.Http1, Listener.Http);
        Listen(kestrel, options.Grpc, HttpProtocols.Http2, Listener.Rpc);
        Listen(kestrel, options.Metrics, HttpProtocols.Http1, Listener.Metrics);
    }

    private static void Listen(KestrelServerOptions kestrel, IPEndPoint? endPoint, HttpProtocols protocols, Listener listener)
    {
        if (endPoint is null)
        {
            return;
        }

        var feature = new ListenerFeature(listener);
        kestrel.Listen(endPoint, listen =>
        {
            listen.Protocols = protocols;
            listen.Use(next => connection =>
            {
                connection.Features.Set(feature);
                return next(connection);
            });
        });
    }
}
