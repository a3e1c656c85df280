using System.Buffers;
using System.Collections.Concurrent;
using InferenceServer.FunctionalTests.Observation.Messages;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace InferenceServer.FunctionalTests.Observation;

/// <summary>A collector of OpenTelemetry on loopback, which takes the protocol over HTTP and over gRPC, each on a port of its own.</summary>
internal sealed class Collector : IAsyncDisposable
{
    /// <inheritdoc cref="Keys"/>
    public const string KeyHeader = "x-tenant-key";

    private const int RpcFrame = 5;

    private readonly WebApplication _app;
    private readonly SemaphoreSlim _news = new(0);
    private readonly ConcurrentQueue<ResourceSpans> _spans = new();
    private readonly ConcurrentQueue<ResourceMetrics> _metrics = new();
    private readonly ConcurrentQueue<string> _keys = new();

    private Collector(WebApplication app) => _app = app;

    public string HttpAddress { get; private set; } = "";

    public string RpcAddress { get; private set; } = "";

    public IEnumerable<Span> Spans => _spans.SelectMany(static resource => resource.ScopeSpans).SelectMany(static scope => scope.Spans);

    /// <summary>What came in the header by which those who send here are known; empty for a message without it.</summary>
    public IEnumerable<string> Keys => _keys;

    public IEnumerable<Metric> Metrics => _metrics.SelectMany(static resource => resource.ScopeMetrics).SelectMany(static scope => scope.Metrics);

    public IEnumerable<Resource> Resources => [.. _spans.Select(static spans => spans.Resource), .. _metrics.Select(static metrics => metrics.Resource)];

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        var collector = new Collector(app);
        app.Run(collector.TakeAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        (collector.HttpAddress, collector.RpcAddress) = (addresses[0], addresses[1]);
        return collector;
    }

    /// <summary>Waits until what has come is enough.</summary>
    public async Task UntilAsync(Func<Collector, bool> isEnough)
    {
        while (!isEnough(this))
        {
            Assert.True(await _news.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken), "nothing more came");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _news.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var memory = new MemoryStream())
        {
            await context.Request.Body.CopyToAsync(memory, context.RequestAborted);
            body.Write(memory.ToArray());
        }

        _keys.Enqueue(context.Request.Headers[KeyHeader].ToString());
        var path = context.Request.Path.Value!;
        var isRpc = context.Request.Protocol == "HTTP/2";
        var message = isRpc ? body.WrittenSpan[RpcFrame..] : body.WrittenSpan;
        switch (path)
        {
            case "/v1/traces" or "/opentelemetry.proto.collector.trace.v1.TraceService/Export":
                Array.ForEach([.. Messages.Spans.Parser.ParseFrom(message).ResourceSpans], _spans.Enqueue);
                break;
            case "/v1/metrics" or "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export":
                Array.ForEach([.. Messages.Metrics.Parser.ParseFrom(message).ResourceMetrics], _metrics.Enqueue);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
        }

        _news.Release();
        if (isRpc)
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[RpcFrame], context.RequestAborted);
            context.Response.AppendTrailer("grpc-status", "0");
        }
        else
        {
            context.Response.ContentType = "application/x-protobuf";
        }
    }
}
