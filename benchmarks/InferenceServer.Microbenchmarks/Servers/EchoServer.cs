using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Microbenchmarks.Servers;

/// <summary>Kestrel with nothing behind it: it reads a request to its end and answers what it was given. Over gRPC a service as anybody writes one, by the generated classes.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EchoServer(WebApplication app)
    {
        _app = app;
        Address = IPEndPoint.Parse(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority);
    }

    public IPEndPoint Address { get; }

    /// <summary>Over HTTP/1.1.</summary>
    public static async Task<EchoServer> StartHttpAsync(byte[] answer)
    {
        var app = Builder(HttpProtocols.Http1).Build();
        app.Run(context => AnswerAsync(context, answer));
        await app.StartAsync();
        return new EchoServer(app);
    }

    /// <summary>Over gRPC.</summary>
    public static async Task<EchoServer> StartRpcAsync(Inference.ModelInferResponse answer)
    {
        var builder = Builder(HttpProtocols.Http2);
        builder.Services.AddSingleton(new EchoService(answer));
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<EchoService>();
        await app.StartAsync();
        return new EchoServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static WebApplicationBuilder Builder(HttpProtocols protocols)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
        });
        return builder;
    }

    private static async Task AnswerAsync(HttpContext context, byte[] answer)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        await context.Response.BodyWriter.WriteAsync(answer, context.RequestAborted);
    }
}
