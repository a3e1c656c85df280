using System.Diagnostics.CodeAnalysis;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;
using InferenceServer.Host.Options;
using InferenceServer.Host.Plugins;
using InferenceServer.Host.Trials;

namespace InferenceServer.Host.Startup;

/// <summary>What the core is made of, before there is an application.</summary>
/// <param name="options">The process's options, checked.</param>
internal sealed class CoreSetup(ServerOptions options)
{
    private const long MuchMemory = 1 << 30;
    private const long SmallestMapping = 128 << 10;

    /// <summary>The file system of models.</summary>
    public FileSystem Files { get; } = new();

    /// <summary>What telemetry is counted with.</summary>
    public ServerMeter Meter { get; } = new();

    /// <summary>The core's options.</summary>
    public CoreOptions Options => field ??= MakeOptions(options, Meter);

    /// <summary>The engines that models may name: those that are built in, and those in folders.</summary>
    public IReadOnlyList<IBackend> Backends =>
        field ??= [.. ServerHost.MakeBackends(TimeProvider.System), .. options.BackendFolders.Where(static folder => !folder.IsShadowed).Select(folder => new PluginBackend(folder, MakeTrial(folder, Files)))];

    /// <summary>Begins to read what is to serve. Null where that is for whoever follows the repositories.</summary>
    public InitialReading? BeginReading() => options.RemoteRepositories.IsEmpty ? InitialReading.TryBegin(Options, Files, Backends) : null;

    private static CoreOptions MakeOptions(ServerOptions options, ServerMeter meter) => new()
    {
        Identity = new ServerIdentity(options.Id, ServerHost.Version),
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
    };

    /// <summary>No more is to lie unused between requests than these may take; and where that is little, what is not kept is to be gone, and not in one of the heaps of the C library.</summary>
    internal static TensorPoolOptions MakePool(long requestMemory)
    {
        var pool = new TensorPoolOptions();
        return requestMemory is 0 or >= MuchMemory ? pool : pool with { RetainedBytes = Math.Min(pool.RetainedBytes, requestMemory), MappedFrom = SmallestMapping };
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "A program of one file is found by its own path.")]
    private static LoadTrial? MakeTrial(BackendFolder folder, IFileSystem files) =>
        folder.Manifest is { TriesLoads: true } && TrialProgram.Find(Environment.ProcessPath, typeof(ServerHost).Assembly.Location, files) is { } program ? new LoadTrial(folder.Path, program) : null;
}
