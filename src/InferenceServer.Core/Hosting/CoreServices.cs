using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Logging;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Routing;
using InferenceServer.Core.Tracing;
using InferenceServer.Core.SharedMemory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Hosting;

/// <summary>Puts the core together.</summary>
public static class CoreServices
{
    /// <summary>
    /// Adds the core to an application: the data plane, the control plane and the service that loads models at start. The application
    /// provides <see cref="TimeProvider"/>, <see cref="IFileSystem"/>, <see cref="ILogControl"/>, an <see cref="IRemoteRepository"/> for each repository elsewhere, where
    /// answers are kept outside of the process an <see cref="IResponseStore"/>, and an <see cref="InitialReading"/> if it has begun one.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="options">The core's options.</param>
    /// <param name="backends">The engines that models may name.</param>
    public static IServiceCollection AddInferenceCore(this IServiceCollection services, CoreOptions options, Func<IServiceProvider, IReadOnlyList<IBackend>> backends)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.AddSingleton(options);
        services.AddSingleton(backends);
        services.AddSingleton<ServerPhase>();
        services.AddSingleton<AccessRefusals>();
        services.AddSingleton(static provider => new ModelCatalog
        {
            UsesNamespaces = provider.GetRequiredService<CoreOptions>().UsesNamespaces,
            Logger = provider.GetRequiredService<ILogger<ModelCatalog>>(),
        });
        services.AddSingleton(_ => new TensorPool(options.TensorPool));
        services.AddSingleton<ITensorAllocator>(static provider => provider.GetRequiredService<TensorPool>());
        services.AddSingleton(provider => new SharedMemoryRegistry(options.SharedMemory, provider.GetRequiredService<ILogger<SharedMemoryRegistry>>()));
        services.AddSingleton(static provider => new RepositoryMirrors(
            [.. provider.GetServices<IRemoteRepository>()],
            new MirrorSetup(
                provider.GetRequiredService<IFileSystem>(),
                provider.GetRequiredService<CoreOptions>().Mirrors,
                [.. BareExtensions(provider)],
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<RepositoryMirrors>>())));
        services.AddSingleton(static provider => new RepositoryScanner(
            provider.GetRequiredService<IFileSystem>(),
            Folders(provider),
            BareExtensions(provider),
            provider.GetRequiredService<CoreOptions>().ModelConfigName,
            provider.GetRequiredService<CoreOptions>().AllowsModelLinks,
            Roots(provider),
            NamespaceOf(provider),
            provider.GetRequiredService<CoreOptions>().SingleModel)
        {
            Mirrors = provider.GetRequiredService<RepositoryMirrors>(),
        });
        services.AddSingleton<IModelLoader>(static provider => new ModelLoader(
            provider.GetRequiredService<IReadOnlyList<IBackend>>(),
            provider.GetRequiredService<IFileSystem>(),
            provider.GetRequiredService<ITensorAllocator>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<CoreOptions>(),
            provider.GetRequiredService<ILoggerFactory>(),
            Roots(provider))
        {
            Caching = provider.GetRequiredService<ResponseCaching>(),
            Engine = provider.GetRequiredService<InferenceEngine>,
        });
        services.AddSingleton(MakeCaching);
        services.AddSingleton<IResponseCacheStatus>(static provider => provider.GetRequiredService<ResponseCaching>());
        services.AddSingleton<IMemoryMeter>(new NativeMemoryMeter());
        services.AddSingleton(static provider => new ColdStarts(
            provider.GetRequiredService<ModelManager>(),
            provider.GetRequiredService<CoreOptions>().Residency,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(static provider => new ModelManager(
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<IModelLoader>(),
            provider.GetRequiredService<IMemoryMeter>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<CoreOptions>(),
            provider.GetRequiredService<ILogger<ModelManager>>())
        {
            Overrides = provider.GetRequiredService<OverrideFolders>(),
        });
        services.AddSingleton(static provider => new OverrideFolders(provider.GetRequiredService<IFileSystem>()));
        services.AddSingleton(static provider => new ModelRepositoryControl(
            provider.GetRequiredService<RepositoryScanner>(),
            provider.GetRequiredService<OverrideFolders>(),
            provider.GetRequiredService<IReadOnlyList<IBackend>>(),
            provider.GetRequiredService<ModelManager>(),
            provider.GetRequiredService<CoreOptions>().ControlMode,
            provider.GetRequiredService<ILogger<ModelRepositoryControl>>())
        {
            Mirrors = provider.GetRequiredService<RepositoryMirrors>(),
            Initial = provider.GetService<InitialReading>(),
        });
        services.AddSingleton(static provider => new AliasFiles(
            provider.GetRequiredService<IFileSystem>(),
            provider.GetRequiredService<CoreOptions>().Repositories,
            provider.GetRequiredService<CoreOptions>().AllowsModelLinks));
        services.AddSingleton(static provider => new AliasRegistry(
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<RepositoryScanner>().ListKnownNames,
            provider.GetRequiredService<CoreOptions>().ControlMode,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AliasRegistry>>()));
        services.AddSingleton<IAliasControl>(static provider => provider.GetRequiredService<AliasRegistry>());
        services.AddSingleton<AliasFileFollower>();
        services.AddSingleton(static provider => new AliasCheck(provider.GetRequiredService<AliasFiles>(), provider.GetRequiredService<RepositoryScanner>()));
        services.AddSingleton(static provider => new RepositoryCheck(
            provider.GetRequiredService<RepositoryScanner>(),
            provider.GetRequiredService<IReadOnlyList<IBackend>>(),
            provider.GetRequiredService<IModelLoader>(),
            provider.GetRequiredService<RepositoryMirrors>()));
        services.AddSingleton<IModelStatusSource>(static provider => provider.GetRequiredService<ModelManager>());
        services.AddSingleton(static provider => new TraceWriter(
            provider.GetRequiredService<CoreOptions>().Tracing,
            provider.GetRequiredService<IFileSystem>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TraceWriter>>()));
        services.AddSingleton(static provider => new TraceControl(
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<TraceWriter>(),
            provider.GetRequiredService<CoreOptions>().Tracing,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IFileSystem>().Path.GetFileName(provider.GetRequiredService<CoreOptions>().Tracing.File)));
        services.AddSingleton<IModelControl>(static provider => new ModelControl(
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<IModelStatusSource>(),
            provider.GetRequiredService<ModelRepositoryControl>(),
            provider.GetRequiredService<ServerPhase>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<CoreOptions>(),
            provider.GetRequiredService<SharedMemoryRegistry>())
        {
            Log = provider.GetRequiredService<ILogControl>(),
            Tracing = provider.GetRequiredService<TraceControl>(),
            ColdStarts = provider.GetRequiredService<ColdStarts>(),
            Routing = provider.GetRequiredService<AliasRegistry>(),
        });
        services.AddSingleton(static provider => new RequestObserver(
            provider.GetRequiredService<TimeProvider>(),
            new RequestLog(provider.GetRequiredService<ILogger<RequestLog>>(), provider.GetRequiredService<CoreOptions>().RequestLog, provider.GetRequiredService<TimeProvider>())));
        services.AddSingleton(static provider => new InferenceEngine(
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<ITensorAllocator>(),
            provider.GetRequiredService<SharedMemoryRegistry>(),
            provider.GetRequiredService<ServerPhase>(),
            provider.GetRequiredService<CoreOptions>().Scheduler,
            provider.GetRequiredService<TimeProvider>())
        {
            Tracer = provider.GetRequiredService<TraceControl>().Tracer,
            Observer = provider.GetRequiredService<RequestObserver>(),
            ColdStarts = provider.GetRequiredService<ColdStarts>(),
        });
        services.AddSingleton(static provider => new ShadowSender(
            provider.GetRequiredService<InferenceEngine>(),
            provider.GetRequiredService<ServerPhase>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ShadowSender>>()));
        services.AddSingleton<IInferenceEngine>(static provider => new RoutedEngine(
            provider.GetRequiredService<InferenceEngine>(),
            provider.GetRequiredService<AliasRegistry>(),
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<ShadowSender>(),
            provider.GetRequiredService<ServerPhase>(),
            provider.GetRequiredService<TimeProvider>()));

        // What starts first stops last: the last requests have ended by then.
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<TraceWriter>());
        if (options.ControlMode == ModelControlMode.Poll)
        {
            services.AddSingleton(static provider => new RepositoryWatch(
                provider.GetRequiredService<IFileSystem>(),
                provider.GetRequiredService<CoreOptions>().SingleModel is { } single ? [.. Folders(provider), single.Folder] : Folders(provider),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<RepositoryWatch>>()));
            services.AddSingleton(static provider => new RepositoryPoller(
                provider.GetRequiredService<RepositoryScanner>(),
                provider.GetRequiredService<ModelRepositoryControl>(),
                provider.GetRequiredService<ModelManager>(),
                provider.GetRequiredService<RepositoryWatch>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<CoreOptions>().RepositoryPollInterval,
                provider.GetRequiredService<ILogger<RepositoryPoller>>())
            {
                Aliases = provider.GetRequiredService<AliasFileFollower>(),
            });
        }

        services.AddSingleton<IHostedService>(static provider => new CoreService(
            provider.GetRequiredService<ModelRepositoryControl>(),
            provider.GetRequiredService<IReadOnlyList<IBackend>>(),
            provider.GetRequiredService<ModelManager>(),
            provider.GetRequiredService<ServerPhase>(),
            provider.GetRequiredService<CoreOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IHostApplicationLifetime>(),
            provider.GetRequiredService<ILogger<CoreService>>())
        {
            Mirrors = provider.GetRequiredService<RepositoryMirrors>(),
            Poller = provider.GetService<RepositoryPoller>(),
            Aliases = provider.GetRequiredService<AliasFileFollower>(),
        });
        return services;
    }

    private static ResponseCaching MakeCaching(IServiceProvider provider)
    {
        var (options, time, logger) = (provider.GetRequiredService<CoreOptions>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ResponseCaching>>());
        IResponseCache? cache = provider.GetService<IResponseStore>() is { } store ? new StoredResponseCache(store, time, logger)
            : options.ResponseCache.LocalBytes is { } bytes ? new LocalResponseCache(bytes)
            : null;
        return new ResponseCaching(cache, new ModelFingerprint(provider.GetRequiredService<IFileSystem>(), options.Identity.Version), options.Scheduler, time, logger);
    }

    private static IEnumerable<string> BareExtensions(IServiceProvider provider) =>
        provider.GetRequiredService<IReadOnlyList<IBackend>>().Select(static backend => backend.Descriptor.BareFileExtension).OfType<string>();

    private static IEnumerable<string> Folders(IServiceProvider provider) =>
        [.. provider.GetRequiredService<CoreOptions>().Repositories, .. provider.GetRequiredService<RepositoryMirrors>().Mirrors.Select(static mirror => mirror.Folder)];

    /// <summary>The namespace that the repository of a folder is; null where there are none.</summary>
    private static Func<string, string>? NamespaceOf(IServiceProvider provider)
    {
        var (mirrors, files) = (provider.GetRequiredService<RepositoryMirrors>(), provider.GetRequiredService<IFileSystem>());
        return provider.GetRequiredService<CoreOptions>().UsesNamespaces ? folder => mirrors.FindByFolder(folder)?.Namespace ?? ModelNamespaces.OfFolder(files, folder) : null;
    }

    private static IEnumerable<string> Roots(IServiceProvider provider) => provider.GetRequiredService<RepositoryMirrors>().Mirrors.Select(static mirror => mirror.Root);
}
