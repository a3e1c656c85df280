using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>
/// Kestrel with nothing behind it, on two loopback ports. Two applications, so that the HTTP side does not run through the routing that
/// the gRPC side needs.
/// </summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly WebApplication _http;
    private readonly WebApplication _grpc;

    private EchoServer(WebApplication http, WebApplication grpc)
    {
        _http = http;
        _grpc = grpc;
    }

    public IPEndPoint HttpAddress => AddressOf(_http);

    public IPEndPoint GrpcAddress => AddressOf(_grpc);

    /// <param name="recording">What to answer.</param>
    /// <param name="rpcEcho">What is done with messages of gRPC.</param>
    /// <param name="httpPort">0 takes a free port.</param>
    /// <param name="grpcPort">0 takes a free port.</param>
    /// <param name="cancellation">Gives up starting.</param>
    /// <exception cref="InferenceServer.Bench.BenchException">The generated classes would not answer what was recorded.</exception>
    public static async Task<EchoServer> StartAsync(Recording recording, RpcEcho rpcEcho, int httpPort, int grpcPort, CancellationToken cancellation)
    {
        var grpc = BuildGrpc(recording, rpcEcho, grpcPort);
        var server = new EchoServer(BuildHttp(recording, httpPort), grpc);
        try
        {
            await server._http.StartAsync(cancellation);
            await server._grpc.StartAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _grpc.DisposeAsync();
    }

    private static WebApplication BuildHttp(Recording recording, int port)
    {
        // The Server header costs bytes; the echo endpoint sends it only when the real answer did.
        var builder = NewBuilder(port, HttpProtocols.Http1, serverHeader: recording.Json?.Header("Server") is not null);
        var app = builder.Build();
        var handler = new EchoHttpHandler(recording);
        app.Run(handler.HandleAsync);
        return app;
    }

    private static WebApplication BuildGrpc(Recording recording, RpcEcho echo, int port)
    {
        var builder = NewBuilder(port, HttpProtocols.Http2, serverHeader: false);
        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = options.MaxSendMessageSize = null);
        return echo == RpcEcho.Raw ? Build(builder, new EchoRpcService(recording)) : Build(builder, new GeneratedEchoService(recording));
    }

    private static WebApplication Build<T>(WebApplicationBuilder builder, T service)
        where T : class
    {
        builder.Services.AddSingleton(service);
        var app = builder.Build();
        app.MapGrpcService<T>();
        return app;
    }

    private static WebApplicationBuilder NewBuilder(int port, HttpProtocols protocols, bool serverHeader)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = serverHeader;
            options.Limits.MaxRequestBodySize = null;
            options.Listen(IPAddress.Loopback, port, listen => listen.Protocols = protocols);
        });
        return builder;
    }

    private static IPEndPoint AddressOf(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new IPEndPoint(IPAddress.Loopback, new Uri(addresses.Single()).Port);
    }
}
