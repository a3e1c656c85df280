using System.Collections.Immutable;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Tracing;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Hosting;

/// <summary>What the core must be told at start. Checked by whoever makes it.</summary>
public sealed record CoreOptions
{
    /// <summary>The backend setting that says how many rows a model takes whose configuration does not.</summary>
    public const string DefaultMaxBatchSizeKey = "default-max-batch-size";

    /// <summary>What holds where that setting is not given.</summary>
    public static int UnsetMaxBatchSize { get; } = new Configuration.ModelCompletionOptions().DefaultMaxBatchSize;

    /// <summary>The server's name and version.</summary>
    public required ServerIdentity Identity { get; init; }

    /// <summary>The model repositories: folders that exist.</summary>
    public required ImmutableArray<string> Repositories { get; init; }

    /// <summary>A model that is in no repository; null for none.</summary>
    public SingleModel? SingleModel { get; init; }

    /// <summary>True when each repository is a namespace, so that two of them may have models of one name.</summary>
    public bool UsesNamespaces { get; init; }

    /// <summary>Who decides which models are loaded.</summary>
    public ModelControlMode ControlMode { get; init; } = ModelControlMode.None;

    /// <summary>The models to load at start in explicit mode; <c>*</c> alone for all.</summary>
    public ImmutableArray<string> InitialModels { get; init; } = [];

    /// <summary>True when one model that failed to load makes the server not ready.</summary>
    public bool StrictReadiness { get; init; } = true;

    /// <summary>How many models load at once.</summary>
    public int ModelLoadThreads { get; init; } = 4;

    /// <summary>How many more times a load that has failed is tried.</summary>
    public int ModelLoadRetries { get; init; }

    /// <summary>When models are in memory, and how much of it they may take.</summary>
    public ResidencyOptions Residency { get; init; } = new();

    /// <summary>How often the repositories are looked at in poll mode, where nothing has woken the server before.</summary>
    public TimeSpan RepositoryPollInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Which of a model's configuration files in <c>configs</c> is used where there is one of that name; empty for none.</summary>
    public string ModelConfigName { get; init; } = "";

    /// <summary>True when links in a repository may lead out of it, and files may be hard links.</summary>
    public bool AllowsModelLinks { get; init; }

    /// <summary>True when missing parts of a configuration are taken from the model.</summary>
    public bool AutoCompleteConfig { get; init; } = true;

    /// <summary>True when a model whose configuration gives no warm-up runs made-up inputs before it is ready.</summary>
    public bool AutoWarmup { get; init; } = true;

    /// <summary>How long a question about a model is held up while the server starts.</summary>
    public TimeSpan StartupHold { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the server goes on serving once it has been told to stop and says that it is not ready.</summary>
    public TimeSpan DrainDelay { get; init; }

    /// <summary>How long the server waits for what is in flight when it stops.</summary>
    public TimeSpan ExitTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The processors that the process may use at once.</summary>
    public int ProcessorCount { get; init; } = 1;

    /// <summary>Limits of the queues.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>How much may run at the same time.</summary>
    public RateLimiterOptions RateLimiter { get; init; } = new();

    /// <summary>On which processors instances run.</summary>
    public HostPolicies HostPolicies { get; init; } = HostPolicies.None;

    /// <summary>Which response cache there is.</summary>
    public ResponseCacheOptions ResponseCache { get; init; } = new();

    /// <summary>What is measured of each version beside its counters.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Which requests get a line in the log.</summary>
    public RequestLogOptions RequestLog { get; init; } = new();

    /// <summary>Limits of the pool of tensor memory.</summary>
    public TensorPoolOptions TensorPool { get; init; } = new();

    /// <summary>Where and how requests are traced.</summary>
    public TraceOptions Tracing { get; init; } = new();

    /// <summary>Whether clients may register shared memory, and how much.</summary>
    public SharedMemoryOptions SharedMemory { get; init; } = new();

    /// <summary>Whether clients may change the settings of the log and of tracing.</summary>
    public bool AllowsSettingChanges { get; init; }

    /// <summary>What is kept of remote repositories.</summary>
    public MirrorOptions Mirrors { get; init; } = new();

    /// <summary>Settings by backend and key; those of the backend with the empty name hold for all.</summary>
    public ImmutableDictionary<string, ImmutableDictionary<string, string>> Backends { get; init; } =
        ImmutableDictionary<string, ImmutableDictionary<string, string>>.Empty;

    /// <summary>The settings of one backend, with those for all backends beneath them.</summary>
    public IReadOnlyDictionary<string, string> BackendSettings(string backend)
    {
        var common = Backends.GetValueOrDefault("", ImmutableDictionary<string, string>.Empty);
        return Backends.TryGetValue(backend, out var own) ? common.SetItems(own) : common;
    }

    /// <summary>What is filled in where the configuration of a model of this backend leaves it out.</summary>
    internal Configuration.ModelCompletionOptions CompletionOf(string backend) => new()
    {
        AutoComplete = AutoCompleteConfig,
        DefaultMaxBatchSize = DefaultMaxBatchSize(backend),
        IsDefaultUnchosen = !BackendSettings(backend).ContainsKey(DefaultMaxBatchSizeKey),
    };

    /// <summary>The rows that a model of this backend takes when its configuration does not say; 4 as in Triton unless set.</summary>
    public int DefaultMaxBatchSize(string backend) =>
        BackendSettings(backend).TryGetValue(DefaultMaxBatchSizeKey, out var text)
        && int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var size)
            ? size
            : UnsetMaxBatchSize;
}
