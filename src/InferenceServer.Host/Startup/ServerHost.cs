using System.Diagnostics.CodeAnalysis;
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
using InferenceServer.Core.Memory;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;
using InferenceServer.Host.Checking;
using InferenceServer.Host.Exporters;
using InferenceServer.Host.Gpus;
using InferenceServer.Host.Listeners;
using InferenceServer.Host.Logging;
using InferenceServer.Host.Metrics;
using InferenceServer.Host.Options;
using InferenceServer.Host.Plugins;
using InferenceServer.Host.Security;
using InferenceServer.Host.Systemd;
using InferenceServer.Host.Trials;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.RemoteRepositories;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;
using Serilog;
using Serilog.Core;

namespace InferenceServer.Host.Startup;

/// <summary>Puts the process together from its options.</summary>
internal static class ServerHost
{
    private const long MuchMemory = 1 << 30;
    private const long SmallestMapping = 128 << 10;

    /// <summary>The version of this software.</summary>
    public static string Version { get; } =
        typeof(ServerHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>Builds the application; nothing listens before it is run.</summary>
    /// <param name="options">The process's options, checked.</param>
    /// <param name="output">Where the start-up summary goes.</param>
    /// <param name="sinks">Where log events go besides the console.</param>
    public static WebApplication Build(ServerOptions options, TextWriter output, params ILogEventSink[] sinks)
    {
        // The process's own options have been read already: what ASP.NET Core would take from arguments and URLs is not wanted.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => ListenerSetup.Configure(kestrel, options));
        var log = new LogControl(options.Log);
        var lines = new BufferedLog();
        builder.Services.AddSerilog(ServerLogging.Create(log, lines, sinks), dispose: true);
        builder.Services.AddSingleton(lines);
        builder.Services.AddSingleton<ILogControl>(log);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainDelay + options.ExitTimeout);
        AddServices(builder.Services, options, output);
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
        AddCore(services, options);
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

    private static void AddServices(IServiceCollection services, ServerOptions options, TextWriter output)
    {
        services.AddRouting();
        services.AddSingleton(options);
        services.AddSingleton(output);
        AddCore(services, options);
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

    private static void AddCore(IServiceCollection services, ServerOptions options)
    {
        var meter = new ServerMeter();
        services.AddSingleton(_ => meter);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IFileSystem>(new FileSystem());
        foreach (var address in options.RemoteRepositories)
        {
            services.AddSingleton(_ => RemoteRepositoryFactory.Create(address, options.CloudCredentials));
        }

        if (options.ResponseCache.Redis is { } redis)
        {
            services.AddSingleton(_ => RedisStoreFactory.Create(redis));
        }

        services.AddInferenceCore(
            new CoreOptions
            {
                Identity = new ServerIdentity(options.Id, Version),
                Repositories = options.ModelRepositories,
                SingleModel = options.SingleModel,
                Mirrors = options.Mirrors,
                UsesNamespaces = options.ModelNamespacing,
                ControlMode = options.ModelControlMode,
                InitialModels = options.LoadModels,
                StrictReadiness = options.StrictReadiness,
                ModelLoadThreads = options.ModelLoadThreads,
                Residency = options.Residency,
                ModelLoadRetries = options.ModelLoadRetries,
                RepositoryPollInterval = options.RepositoryPollInterval,
                ModelConfigName = options.ModelConfigName,
                AllowsModelLinks = options.AllowModelLinks,
                AutoWarmup = options.ModelAutoWarmup,
                AutoCompleteConfig = options.AutoCompleteConfig,
                ExitTimeout = options.ExitTimeout,
                DrainDelay = options.DrainDelay,
                StartupHold = options.StartupHold,

                TensorPool = MakePool(options.RequestMemory.MaxBytes),

                // .NET has already looked at the CPU quota of the container and at the affinity of the process.
                ProcessorCount = Environment.ProcessorCount,
                AllowsSettingChanges = options.Security.AllowsSettingChanges,
                SharedMemory = new SharedMemoryOptions { AllowClients = options.AllowClientShm },
                ResponseCache = options.ResponseCache.Local,
                RateLimiter = options.RateLimiter,
                HostPolicies = options.HostPolicies,
                Scheduler = new SchedulerOptions { MaxQueueSize = options.MaxQueueSize, MaxQueueBytes = options.MaxQueueBytes, MaxCallerExecution = options.MaxCallerExecution, StallTimeout = options.StallTimeout, MaxUnreadResponses = options.GrpcMaxResponsePoolSize },
                Backends = options.Backends,
                Tracing = options.Tracing,
                Telemetry = options.Metrics is null && !options.OpenTelemetry.Metrics ? new TelemetryOptions() : options.MetricsContent.Telemetry with { Meter = meter },
                RequestLog = options.RequestLog,
            },
            provider => [.. MakeBackends(provider.GetRequiredService<TimeProvider>()), .. options.BackendFolders.Where(static folder => !folder.IsShadowed).Select(static folder => new PluginBackend(folder, MakeTrial(folder, new FileSystem())))]);
    }

    /// <summary>No more is to lie unused between requests than these may take; and where that is little, what is not kept is to be gone, and not in one of the heaps of the C library.</summary>
    internal static TensorPoolOptions MakePool(long requestMemory)
    {
        var pool = new TensorPoolOptions();
        return requestMemory is 0 or >= MuchMemory ? pool : pool with { RetainedBytes = Math.Min(pool.RetainedBytes, requestMemory), MappedFrom = SmallestMapping };
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "A program of one file is found by its own path.")]
    private static LoadTrial? MakeTrial(BackendFolder folder, IFileSystem files) =>
        folder.Manifest is { TriesLoads: true } && TrialProgram.Find(Environment.ProcessPath, typeof(ServerHost).Assembly.Location, files) is { } program ? new LoadTrial(folder.Path, program) : null;

    /// <summary>The backends that are built in. Making them loads no engine.</summary>
    public static IReadOnlyList<IBackend> MakeBackends(TimeProvider time) => [new OnnxBackend(), new IdentityBackend(time), new RepeatBackend(time), new SquareBackend()];
}
