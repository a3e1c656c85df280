using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Rpc.Plain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

/// <summary>Plain calls on a real web server, where gRPC's library is a stand-in that reads what it is given to the end and says how long that was.</summary>
internal sealed class PlainCallServer : IAsyncDisposable
{
    public const string LibraryHeader = "x-library-read";

    /// <summary>The hash of what the library has read.</summary>
    public const string HashHeader = "x-library-hash";

    private const string Path = "/inference.GRPCInferenceService/ModelInfer";

    private readonly WebApplication _app;
    private readonly CountingMemoryPoolFactory _transport = new();
    private readonly SharedMemoryRegistry _regions = new(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance);

    private PlainCallServer(KServeRpcOptions options, RequestMemoryOptions memory)
    {
        Memory = new RequestMemoryGate(memory, Time);
        Engine = new FakeEngine(_regions);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(_transport);
        builder.Logging.ClearProviders();
        _app = builder.Build();
        var call = new PlainInferCall(ReadAllAsync, new GatedCall(ReadAllAsync, Memory, options).HandleAsync, Engine, new FakeControl(_regions), options, Memory, new InferenceEndpoints(), Log);
        _app.MapPost(Path, (RequestDelegate)call.HandleAsync);
    }

    public FakeEngine Engine { get; }

    /// <summary>The memory for bodies.</summary>
    public RequestMemoryGate Memory { get; }

    public FakeTimeProvider Time { get; } = new();

    public RecordingLogger Log { get; } = new();

    /// <summary>The memory of the transport.</summary>
    public CountingMemoryPool Transport => _transport.Pool;

    public HttpClient Client { get; } = new();

    public static async Task<PlainCallServer> StartAsync(KServeRpcOptions? options = null, RequestMemoryOptions? memory = null)
    {
        var server = new PlainCallServer(options ?? new KServeRpcOptions(), memory ?? new RequestMemoryOptions());
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        server.Client.BaseAddress = new Uri(server._app.Urls.Single());
        return server;
    }

    /// <summary>A message with the five bytes of gRPC in front.</summary>
    public static byte[] Frame(byte[] message, byte flag = 0)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    /// <summary>Sends a body in pieces of a length, each on its own, and reads the whole answer.</summary>
    public Task<(HttpResponseMessage Answer, byte[] Body)> SendAsync(byte[] body, int pieceLength = int.MaxValue, string contentType = "application/grpc", params (string Name, string Value)[] headers) =>
        SendAsync(new PieceContent(body, pieceLength), contentType, headers);

    /// <summary>Sends a body and reads the whole answer.</summary>
    public async Task<(HttpResponseMessage Answer, byte[] Body)> SendAsync(HttpContent body, string contentType = "application/grpc", params (string Name, string Value)[] headers)
    {
        var answer = await BeginAsync(body, contentType, headers);
        return (answer, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Sends a body and waits until its answer begins, of which nothing more is read.</summary>
    public async Task<HttpResponseMessage> BeginAsync(HttpContent body, string contentType = "application/grpc", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = body };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(TestContext.Current.CancellationToken);
        await _app.DisposeAsync();
        Assert.Equal(0, Engine.Memory.Outstanding);
        Assert.Equal((0, 0), (Memory.InUse, Memory.Waiting));
        await Engine.Model.UnloadAsync().WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        Engine.Dispose();
        _regions.Dispose();
    }

    private static async Task ReadAllAsync(HttpContext context)
    {
        using var all = new MemoryStream();
        await context.Request.Body.CopyToAsync(all, context.RequestAborted);
        context.Response.ContentType = "application/grpc";
        context.Response.Headers[HashHeader] = Convert.ToHexString(SHA256.HashData(all.GetBuffer().AsSpan(0, (int)all.Length)));
        context.Response.Headers[LibraryHeader] = all.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
