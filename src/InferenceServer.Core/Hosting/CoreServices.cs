using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Repository;
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
    /// provides <see cref="TimeProvider"/> and <see cref="IFileSystem"/>.
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
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton(_ => new TensorPool(options.TensorPool));
        services.AddSingleton<ITensorAllocator>(static provider => provider.GetRequiredService<TensorPool>());
        services.AddSingleton(provider => new SharedMemoryRegistry(options.SharedMemory, provider.GetRequiredService<ILogger<SharedMemoryRegistry>>()));
        services.AddSingleton(static provider => new RepositoryScanner(
            provider.GetRequiredService<IFileSystem>(),
            provider.GetRequiredService<CoreOptions>().Repositories,
            provider.GetRequiredService<IReadOnlyList<IBackend>>().Select(static backend => backend.Descriptor.BareFileExtension).OfType<string>()));
        services.AddSingleton<IModelLoader>(static provider => new ModelLoader(
            provider.GetRequiredService<IReadOnlyList<IBackend>>(),
            provider.GetRequiredService<IFileSystem>(),
            provider.GetRequiredService<ITensorAllocator>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<CoreOptions>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(static provider => new ModelManager(
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<IModelLoader>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<CoreOptions>(),
            provider.GetRequiredService<ILogger<ModelManager>>()));
        services.AddSingleton<IModelStatusSource>(static provider => provider.GetRequiredService<ModelManager>());
        services.AddSingleton<IModelControl>(static provider => new ModelControl(
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<IModelStatusSource>(),
            provider.GetRequiredService<ServerPhase>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<CoreOptions>(),
            provider.GetRequiredService<SharedMemoryRegistry>()));
        services.AddSingleton<IInferenceEngine>(static provider => new InferenceEngine(
            provider.GetRequiredService<ModelCatalog>(),
            provider.GetRequiredService<ITensorAllocator>(),
            provider.GetRequiredService<SharedMemoryRegistry>(),
            provider.GetRequiredService<ServerPhase>(),
            provider.GetRequiredService<CoreOptions>().Scheduler,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IHostedService>(static provider => new CoreService(
            provider.GetRequiredService<RepositoryScanner>(),
            provider.GetRequiredService<IReadOnlyList<IBackend>>(),
            provider.GetRequiredService<ModelManager>(),
            provider.GetRequiredService<ServerPhase>(),
            provider.GetRequiredService<CoreOptions>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IHostApplicationLifetime>(),
            provider.GetRequiredService<ILogger<CoreService>>()));
        return services;
    }
}
