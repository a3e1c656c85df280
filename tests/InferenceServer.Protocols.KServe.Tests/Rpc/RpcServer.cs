using System.Net;
using Grpc.Net.Client;
using Inference;
using InferenceServer.Core.Inference;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Tests.Cuda;
using InferenceServer.Protocols.KServe.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>
/// The front end on a real web server on loopback, over HTTP/2 without TLS, and a client of it. Disposing it proves that every buffer and
/// every lease has come back.
/// </summary>
public sealed class RpcServer : IAsyncDisposable
{
    /// <summary>What the host of this server puts on every endpoint of the front end.</summary>
    public static readonly object Convention = new();

    private readonly WebApplication _app;
    private bool _stopped;

    private RpcServer(KServeRpcOptions options)
    {
        Regions = new SharedMemoryRegistry(new SharedMemoryOptions { AllowClients = true }, NullLogger<SharedMemoryRegistry>.Instance) { Cuda = Driver };
        Engine = new FakeEngine(Regions);
        Control = new FakeControl(Regions);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        builder.Logging.ClearProviders().AddProvider(Log);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton<IInferenceEngine>(Engine);
        builder.Services.AddSingleton<IModelControl>(Control);
        builder.Services.AddKServeRpc(options);
        _app = builder.Build();
        _app.MapKServeRpc().WithMetadata(Convention);
    }

    internal SharedMemoryRegistry Regions { get; }

    /// <summary>The driver of CUDA devices.</summary>
    internal RecordingDriver Driver { get; } = new();

    internal FakeEngine Engine { get; }

    internal FakeControl Control { get; }

    internal FakeTimeProvider Time { get; } = new();

    internal RecordingLogger Log { get; } = new();

    public GrpcChannel Channel { get; private set; } = null!;

    public GRPCInferenceService.GRPCInferenceServiceClient Client => new(Channel);

    public static async Task<RpcServer> StartAsync(KServeRpcOptions? options = null)
    {
        var server = new RpcServer(options ?? new KServeRpcOptions());
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        server.Channel = GrpcChannel.ForAddress(server._app.Urls.Single(), new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        return server;
    }

    /// <summary>The service whose type is asked for, as the host sees it.</summary>
    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>Stops the server; calls that have not ended hold it up.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        await _app.StopAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            await StopAsync();
        }

        Channel.Dispose();
        await _app.DisposeAsync();
        Assert.Equal(0, Engine.Memory.Outstanding);
        await Engine.Model.UnloadAsync().WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        Engine.Dispose();
        Regions.Dispose();
    }
}
