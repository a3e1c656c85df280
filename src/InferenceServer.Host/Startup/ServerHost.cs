using System.IO.Abstractions;
using System.Reflection;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Identity;
using InferenceServer.Backends.Identity.Repeat;
using InferenceServer.Backends.Identity.Square;
using InferenceServer.Backends.Onnx;
using InferenceServer.Caches.Redis;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Logging;
using InferenceServer.Host.Checking;
using InferenceServer.Host.Exporters;
using InferenceServer.Host.Gpus;
using InferenceServer.Host.Listeners;
using InferenceServer.Host.Logging;
using InferenceServer.Host.Metrics;
using InferenceServer.Host.Options;
using InferenceServer.Host.Security;
using InferenceServer.Host.Systemd;
using InferenceServer.Host.Transport;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.RemoteRepositories;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Serilog;
using Serilog.Core;

namespace InferenceServer.Host.Startup;

/// <summary>Puts the process together from its options.</summary>
internal static class ServerHost
{
    /// <summary>The version of this software.</summary>
    public static string Version { get; } =
        typeof(ServerHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>Builds the application; nothing listens before it is run.</summary>
    /// <param name="options">The process's options, checked.</param>
    /// <param name="output">Where the start-up summary goes.</param>
    /// <param name="sinks">Where log events go besides the console.</param>
    public static WebApplication Build(ServerOptions options, TextWriter output, params ILogEventSink[] sinks)
    {
        // Before anything else: it is read while the rest is put together.
        var core = new CoreSetup(options);
        var reading = core.BeginReading();

        // The process's own options have been read already: what ASP.NET Core would take from arguments and URLs is not wanted.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton<IConnectionListenerFactory, SocketTransport>();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => ListenerSetup.Configure(kestrel, options));
        var log = new LogControl(options.Log);
        var lines = new BufferedLog();
        builder.Services.AddSerilog(ServerLogging.Create(log, lines, sinks), dispose: true);
        builder.Services.AddSingleton(lines);
        builder.Services.AddSingleton<ILogControl>(log);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainDelay + options.ExitTimeout);
        AddServices(builder.Services, options, core, output);
        if (reading is not null)
        {
            builder.Services.AddSingleton(reading);
        }

        builder.AddOpenTelemetry(options);
        WebApplication? app = null;
        builder.Services.AddHostedService(_ => new PipelineService(() => BuildPipeline(app!)));
        app = builder.Build();
        return app;
    }

    /// <summary>Builds what is needed to load models and no more; nothing is logged.</summary>
    /// <param name="options">The process's options, checked.</param>
    /// <param name="output">Where commands say what they find.</param>
    public static ServiceProvider BuildWithoutListeners(ServerOptions options, TextWriter output)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton<ILogControl>(new LogControl(options.Log));
        AddCore(services, options, new CoreSetup(options));
        services.AddSingleton(provider => new CheckCommand(provider.GetRequiredService<Core.Lifecycle.RepositoryCheck>(), provider.GetRequiredService<Core.Routing.AliasCheck>(), output));
        return services.BuildServiceProvider();
    }

    private static void BuildPipeline(WebApplication app)
    {
        var registry = Prometheus.Metrics.NewCustomRegistry();
        app.Services.AddSecurityMetrics(registry);
        ServerPipeline.Build(app, MakeMetrics(app.Services, registry));
    }

    private static MetricsEndpoint MakeMetrics(IServiceProvider services, CollectorRegistry registry) => new(
        services.GetRequiredService<Core.Lifecycle.IModelStatusSource>(),
        [.. services.GetServices<IMetricsSource>()],
        registry,
        services.GetRequiredService<TimeProvider>());

    private static void AddServices(IServiceCollection services, ServerOptions options, CoreSetup core, TextWriter output)
    {
        services.AddRouting();
        services.AddSingleton(options);
        services.AddSingleton(output);
        AddCore(services, options, core);
        services.AddSingleton(provider => new RequestMemoryGate(options.RequestMemory, provider.GetRequiredService<TimeProvider>()));
        services.AddKServeHttp(new KServeHttpOptions { MaxInputSize = (int)options.HttpMaxInputSize, MaxRequestBytes = options.HttpMaxRequestBytes, HeaderForwarding = options.HttpHeaderForwarding });
        services.AddKServeRpc(new KServeRpcOptions
        {
            MaxReceiveMessageBytes = options.GrpcMaxRequestBytes,
            MaxInflatedBytes = options.GrpcMaxInflatedBytes,
            MaxRequestsPerStream = options.GrpcMaxStreamRequests,
            MaxUnreadBytesPerStream = options.GrpcMaxStreamBytes,
            InferResponseCompression = options.GrpcInferResponseCompression,
            HeaderForwarding = options.GrpcHeaderForwarding,
            ChecksCallers = options.Security.ChecksCallers,
        });
        services.AddSecurity(options.Security);
        services.AddHostedService<StartupReporter>();
        services.AddSingleton<ConnectionLimit>();
        services.AddSingleton(static _ => new ServiceManager(Environment.GetEnvironmentVariable));
        services.AddHostedService<ServiceNotifier>();
        AddMetrics(services, options);
    }

    private static void AddMetrics(IServiceCollection services, ServerOptions options)
    {
        var content = options.MetricsContent;
        services.AddSingleton<IMetricsSource>(static provider => new ServerMetrics(provider.GetRequiredService<IModelControl>(), provider.GetRequiredService<IInferenceEngine>().Observer, provider.GetRequiredService<BufferedLog>()));
        services.AddSingleton<IMetricsSource>(provider => new ModelMetrics(provider.GetRequiredService<Core.Lifecycle.IModelStatusSource>(), content));
        services.AddSingleton<IMetricsSource>(static provider => new CacheMetrics(provider.GetRequiredService<Core.Caching.IResponseCacheStatus>()));
        services.AddSingleton<IMetricsSource>(provider => new AliasMetrics(provider.GetRequiredService<Core.Routing.IAliasControl>(), content.UsesNamespaces));
        if (content.CpuMetrics && OperatingSystem.IsLinux())
        {
            services.AddSingleton<IMetricsSource>(provider => new MachineMetrics(provider.GetRequiredService<IFileSystem>(), provider.GetRequiredService<TimeProvider>(), content.Interval));
        }

        if (content.GpuMetrics)
        {
            services.AddSingleton<IMetricsSource>(provider => new GpuMetrics(new NvmlReader(NvmlReader.LibraryName), provider.GetRequiredService<TimeProvider>(), content.Interval));
        }

        services.AddSingleton<IMetricsSource, ConnectionMetrics>();
        services.AddSingleton<IMetricsSource, RequestMemoryMetrics>();
        services.AddSingleton<IMetricsSource, RuntimeMetrics>();
        services.AddHostedService<MeterBridge>();
    }

    private static void AddCore(IServiceCollection services, ServerOptions options, CoreSetup core)
    {
        services.AddSingleton(_ => core.Meter);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IFileSystem>(core.Files);
        foreach (var address in options.RemoteRepositories)
        {
            services.AddSingleton(_ => RemoteRepositoryFactory.Create(address, options.CloudCredentials));
        }

        if (options.ResponseCache.Redis is { } redis)
        {
            services.AddSingleton(_ => RedisStoreFactory.Create(redis));
        }

        services.AddInferenceCore(core.Options, _ => core.Backends);
    }

    /// <summary>The backends that are built in. Making them loads no engine.</summary>
    public static IReadOnlyList<IBackend> MakeBackends(TimeProvider time) => [new OnnxBackend(), new IdentityBackend(time), new RepeatBackend(time), new SquareBackend()];
}
