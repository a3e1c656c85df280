using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Tests.Cuda;
using InferenceServer.Core.Scheduling;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>The front end on a real port, over the real engine and models that echo.</summary>
internal sealed class KServeServer : IAsyncDisposable
{
    private readonly ModelCatalog _catalog = new();
    private readonly WebApplication _app;

    private KServeServer(KServeHttpOptions options, SchedulerOptions scheduling, EchoModel[] models)
    {
        Regions = new SharedMemoryRegistry(new SharedMemoryOptions { AllowClients = true }, NullLogger<SharedMemoryRegistry>.Instance) { Cuda = Driver };
        Models = [.. models.Select(static model => model.Served.Name).Distinct()];
        Publish(models);
        Control = new FakeControl(_catalog, Regions);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(Log);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services
            .AddSingleton<IInferenceEngine>(new InferenceEngine(_catalog, Allocator, Regions, new InferenceServer.Core.Hosting.ServerPhase(), scheduling, TimeProvider.System))
            .AddSingleton<IModelControl>(Control)
            .AddKServeHttp(options);
        _app = builder.Build();
        _app.Use(async (context, next) =>
        {
            BeforeEach?.Invoke(context);
            await next(context);
            await (AfterEach?.Invoke(context) ?? Task.CompletedTask);
        });
        _app.MapKServeHttp();
        _app.MapKServeNotFound();
    }

    /// <summary>The names of the models.</summary>
    public string[] Models { get; }

    public CountingAllocator Allocator { get; } = new();

    public SharedMemoryRegistry Regions { get; }

    /// <summary>The driver of CUDA devices.</summary>
    public RecordingDriver Driver { get; } = new();

    public FakeControl Control { get; }

    /// <summary>What was logged at the levels of warning and above.</summary>
    public RecordingLogger Log { get; } = new();

    /// <summary>What the server counts as answered.</summary>
    public AnswerCounts Answers => _app.Services.GetRequiredService<IInferenceEngine>().Observer.Answers;

    /// <summary>Called before a request reaches its route.</summary>
    public Action<HttpContext>? BeforeEach { get; set; }

    /// <summary>Awaited between the end of a request's route and the end of the request.</summary>
    public Func<HttpContext, Task>? AfterEach { get; set; }

    public HttpClient Client { get; private set; } = new();

    public Uri Address => Client.BaseAddress!;

    public static Task<KServeServer> StartAsync(params EchoModel[] models) => StartAsync(new KServeHttpOptions(), models);

    public static Task<KServeServer> StartAsync(KServeHttpOptions options, params EchoModel[] models) => StartAsync(options, new SchedulerOptions(), models);

    public static async Task<KServeServer> StartAsync(KServeHttpOptions options, SchedulerOptions scheduling, params EchoModel[] models)
    {
        var server = new KServeServer(options, scheduling, models.Length > 0 ? models : [EchoModel.Of("echo", TensorDataType.Int32, -1)]);
        await server._app.StartAsync();
        server.Client.BaseAddress = new Uri(server._app.Urls.First());
        return server;
    }

    /// <summary>Serves these models from now on.</summary>
    public void Publish(params EchoModel[] models) => _catalog.Publish(new ServingSnapshot(models
        .GroupBy(static model => model.Served.Name)
        .Select(static group => new ServedVersions(group.Key, [.. group.Select(static model => model.Served).OrderBy(static served => served.Version)], [99]))));

    /// <summary>The routes that are mapped.</summary>
    public IReadOnlyList<RouteEndpoint> Endpoints => [.. _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    /// <summary>Ends all connections, and with them what the web server does on them.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Regions.Dispose();
    }
}
