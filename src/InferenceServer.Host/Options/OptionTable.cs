using System.Collections.Immutable;
using InferenceServer.Core.Logging;
using InferenceServer.Core.Residency;
using InferenceServer.Protocols.KServe.Rpc;

namespace InferenceServer.Host.Options;

/// <summary>Every option that the server has. An option that is not here does not exist; one that is here has an effect.</summary>
internal static class OptionTable
{
    private const long MaxPort = 65535;

    /// <summary>As a time in milliseconds: never. The same in gRPC's own library, whose options these are.</summary>
    public const int Never = int.MaxValue;

    private const string NeverText = "2147483647";

    public static OptionDefinition ModelRepository { get; } = new("model-repository", "ModelRepository", OptionKind.List, "model-repository", "A folder of models, or where one is elsewhere: s3://… or as://…. May be given several times.") { Alias = "model-store" };

    public static OptionDefinition ModelName { get; } = new("model-name", "ModelName", OptionKind.Text, "", "The name under which the one model of --model-dir is served.");

    public static OptionDefinition ModelDirectory { get; } = new("model-dir", "ModelDir", OptionKind.Text, "", "The folder of one model that is in no repository: its files, its versions, or the one folder that has them. Served as --model-name.");

    public static OptionDefinition Id { get; } = new("id", "Id", OptionKind.Text, "inference-server", "The name of this server in its metadata.");

    public static OptionDefinition ModelControlMode { get; } = new("model-control-mode", "ModelControlMode", OptionKind.Word, "none", "Which models are loaded: none for all at start; poll for all, and what changes is followed; explicit for those of --load-model and those that requests ask for.") { Words = ["none", "poll", "explicit"] };

    public static OptionDefinition RepositoryPoll { get; } = new("repository-poll-secs", "RepositoryPollSecs", OptionKind.Number, "15", "How often the repositories are looked at in poll mode, in seconds; what can be watched is seen sooner.") { Unit = OptionUnit.Seconds, Minimum = 1, Maximum = 86400 };

    public static OptionDefinition ModelConfigName { get; } = new("model-config-name", "ModelConfigName", OptionKind.Text, "", "Where a model has configs/<name>.pbtxt, that is its configuration in place of config.pbtxt.");

    public static OptionDefinition ModelNamespacing { get; } = new("model-namespacing", "ModelNamespacing", OptionKind.Boolean, "false", "Make each repository a namespace, called as its folder: its models are <namespace>::<model>, and also <model> alone while no other repository has one of that name.");

    public static OptionDefinition AllowModelLinks { get; } = new("allow-model-links", "AllowModelLinks", OptionKind.Boolean, "false", "Let symbolic links in a repository lead out of it, and take files that are hard links.");

    public static OptionDefinition RepositoryCacheDirectory { get; } = new("repository-cache-directory", "RepositoryCacheDirectory", OptionKind.Text, "", "The folder, of one server alone, that copies of repositories elsewhere are kept in; a temporary one that goes with the process when not given.");

    public static OptionDefinition RepositoryCacheMaxBytes { get; } = new("repository-cache-max-bytes", "RepositoryCacheMaxBytes", OptionKind.Number, "107374182400", "How many bytes those copies may take together; a model that needs more is not loaded.") { Unit = OptionUnit.Bytes, Minimum = 1 };

    public static OptionDefinition LoadModel { get; } = new("load-model", "LoadModel", OptionKind.List, "", "In explicit mode, a model to load at start; * alone for all. May be given several times.");

    public static OptionDefinition StrictReadiness { get; } = new("strict-readiness", "StrictReadiness", OptionKind.Boolean, "true", "Not ready while one model of the repository has failed to load.");

    public static OptionDefinition ExitOnError { get; } = new("exit-on-error", "ExitOnError", OptionKind.Boolean, "false", "End with code 1 when a model fails to load at start, instead of serving the others.");

    public static OptionDefinition ExitTimeout { get; } = new("exit-timeout-secs", "ExitTimeoutSecs", OptionKind.Number, "30", "How long to wait for requests in flight when the server stops, in seconds.") { Unit = OptionUnit.Seconds, Maximum = 86400 };

    public static OptionDefinition DrainDelay { get; } = new("drain-delay-secs", "DrainDelaySecs", OptionKind.Number, "0", "How long to go on serving when the server is told to stop and is not ready any more, before new requests are refused, in seconds: so that whoever sends them learns of it first.") { Unit = OptionUnit.Seconds, Maximum = 3600 };

    public static OptionDefinition StartupHold { get; } = new("startup-hold-secs", "StartupHoldSecs", OptionKind.Number, "30", "How long a request is held up while the first models load, in seconds.") { Unit = OptionUnit.Seconds, Maximum = 86400 };

    public static OptionDefinition DisableAutoComplete { get; } = new("disable-auto-complete-config", "DisableAutoCompleteConfig", OptionKind.Boolean, "false", "Take nothing from the model that its configuration leaves out.");

    public static OptionDefinition ModelLoadThreadCount { get; } = new("model-load-thread-count", "ModelLoadThreadCount", OptionKind.Number, "4", "How many models load at once.") { Minimum = 1, Maximum = 256 };

    public static OptionDefinition ModelLoadRetryCount { get; } = new("model-load-retry-count", "ModelLoadRetryCount", OptionKind.Number, "0", "How many more times a load that has failed is tried, after 0.1 s, 0.2 s and so on.") { Maximum = 1000 };

    public static OptionDefinition ModelAutoWarmup { get; } = new("model-auto-warmup", "ModelAutoWarmup", OptionKind.Boolean, "true", "Have a model without model_warmup run inputs of zeros before it is ready.");

    public static OptionDefinition ModelResidency { get; } = new("model-residency", "ModelResidency", OptionKind.Word, "pinned", "When a model is in memory whose configuration does not say: pinned for from its load on, on-demand for from the first request for it on, until its memory is needed.") { Words = [.. ModelResidencies.Names] };

    public static OptionDefinition ModelMemoryBudget { get; } = new("model-memory-budget-bytes", "ModelMemoryBudgetBytes", OptionKind.Number, "0", "What all loaded models together may take, in bytes; 0 for no limit. Models that are loaded on demand make room for each other, the one first that was not asked for for longest.") { Unit = OptionUnit.Bytes };

    public static OptionDefinition ModelIdleUnload { get; } = new("model-idle-unload-secs", "ModelIdleUnloadSecs", OptionKind.Number, "0", "After how many seconds without a request a model that is loaded on demand leaves the memory; 0 for never.") { Unit = OptionUnit.Seconds, Maximum = ModelResidencies.MaxIdleUnloadSeconds };

    public static OptionDefinition ColdStartTimeout { get; } = new("cold-start-timeout-secs", "ColdStartTimeoutSecs", OptionKind.Number, "60", "How long a request waits for its model to be loaded, where that is loaded on demand, in seconds.") { Unit = OptionUnit.Seconds, Minimum = 1, Maximum = 86400 };

    public static OptionDefinition MaxColdRequests { get; } = new("max-cold-requests", "MaxColdRequests", OptionKind.Number, "4096", "How many requests may wait for models to be loaded.") { Minimum = 1, Maximum = int.MaxValue };

    public static OptionDefinition BackendDirectory { get; } = new("backend-directory", "BackendDirectory", OptionKind.Text, "backends", "A directory with a folder for each further backend; by default the one of that name beside the program, where there is one.");

    public static OptionDefinition BackendConfig { get; } = new("backend-config", "BackendConfig", OptionKind.List, "", "A setting of a backend: <backend>,<key>=<value>, or <key>=<value> for all. May be given several times.");

    public static OptionDefinition CacheConfig { get; } = new("cache-config", "CacheConfig", OptionKind.List, "", "A setting of the response cache: local,size=<bytes>, or redis,<key>=<value> (host, port, user, password, db, ...). May be given several times.");

    public static OptionDefinition ResponseCacheByteSize { get; } = new("response-cache-byte-size", "ResponseCacheByteSize", OptionKind.Number, "0", "The older spelling of --cache-config=local,size=<bytes>; 0 for no cache.") { Unit = OptionUnit.Bytes };

    public static OptionDefinition MaxQueueSize { get; } = new("max-queue-size", "MaxQueueSize", OptionKind.Number, "4096", "How many requests may wait for one model whose configuration does not say.") { Minimum = 1, Maximum = int.MaxValue };

    public static OptionDefinition RateLimit { get; } = new("rate-limit", "RateLimit", OptionKind.Word, "off", "off, or execution_count: executions have to have the resources that their instances' rate_limiter asks for.") { Words = ["off", "execution_count"] };

    public static OptionDefinition RateLimitResource { get; } = new("rate-limit-resource", "RateLimitResource", OptionKind.List, "", "How much there is of a resource: <name>:<count>, or <name>:<count>:<device> of one device. May be given several times.");

    public static OptionDefinition MaxConcurrentExecutions { get; } = new("max-concurrent-executions", "MaxConcurrentExecutions", OptionKind.Number, "0", "How many executions of all models may run at once; 0 for any number.") { Maximum = int.MaxValue };

    public static OptionDefinition HostPolicy { get; } = new("host-policy", "HostPolicy", OptionKind.List, "", "Where instances with that host_policy run: <name>,cpu-cores=<ranges> or <name>,numa-node=<number>; those without one have cpu, model or gpu_<n>. May be given several times.");

    public static OptionDefinition MaxQueueBytes { get; } = new("max-queue-bytes", "MaxQueueBytes", OptionKind.Number, "1073741824", "How many bytes of inputs may wait for one model.") { Unit = OptionUnit.Bytes, Minimum = 1 };

    public static OptionDefinition MaxCallerExecution { get; } = new("max-caller-execution-us", "MaxCallerExecutionUs", OptionKind.Number, "100", "What an execution may take at most, in microseconds, for the thread that brings the request to run it by itself, which it does where that has been measured to be less than handing it to a thread of the model; 0 for never.") { Maximum = 10_000 };

    public static OptionDefinition MaxConnections { get; } = new("max-connections", "MaxConnections", OptionKind.Number, "0", "How many connections the HTTP and gRPC ports may have open together; the next ones are closed as they come. 0 for three quarters of the descriptors that the process may open, and at most 32768.") { Maximum = 1_000_000 };

    public static OptionDefinition MaxRequestMemory { get; } = new("max-request-memory-bytes", "MaxRequestMemoryBytes", OptionKind.Number, "-1", "How many bytes the bodies of all requests in flight may take together, those from 64 KiB on: the next ones wait unread. 0 for any number; -1 for a quarter of what the process may use beyond 128 MiB, and at least 16 MiB.") { Unit = OptionUnit.Bytes, Minimum = -1 };

    public static OptionDefinition RequestMemoryWait { get; } = new("request-memory-wait-secs", "RequestMemoryWaitSecs", OptionKind.Number, "30", "How long a request waits for room for its body before it is refused, in seconds; 0 for not at all.") { Unit = OptionUnit.Seconds, Maximum = 86400 };

    public static OptionDefinition StallTimeout { get; } = new("stall-timeout-secs", "StallTimeoutSecs", OptionKind.Number, "120", "For how long requests of a model may wait while none of its instances takes one, before it counts as not ready, in seconds; 0 for ever.") { Unit = OptionUnit.Seconds, Maximum = 86400 };

    public static OptionDefinition AllowClientShm { get; } = new("allow-client-shm", "AllowClientShm", OptionKind.Boolean, "false", "Let clients register shared memory of this machine and of its CUDA devices, for the server to read and write.");

    public static OptionDefinition AllowHttp { get; } = new("allow-http", "AllowHttp", OptionKind.Boolean, "true", "Serve HTTP.");

    public static OptionDefinition HttpAddress { get; } = new("http-address", "HttpAddress", OptionKind.Text, "0.0.0.0", "The address that HTTP listens on.");

    public static OptionDefinition HttpPort { get; } = new("http-port", "HttpPort", OptionKind.Number, "8000", "The port of HTTP; 0 takes a free one.") { Maximum = MaxPort };

    public static OptionDefinition HttpMaxInputSize { get; } = new("http-max-input-size", "HttpMaxInputSize", OptionKind.Number, "67108864", "The largest JSON of a request, and the largest tensor in it, in bytes.") { Unit = OptionUnit.Bytes, Minimum = 1, Maximum = Array.MaxLength - 1L };

    public static OptionDefinition HttpMaxRequestBytes { get; } = new("http-max-request-bytes", "HttpMaxRequestBytes", OptionKind.Number, "2147483647", "The largest HTTP request body with its binary tensors, in bytes.") { Unit = OptionUnit.Bytes, Minimum = 1 };

    public static OptionDefinition HttpHeaderForwardPattern { get; } = new("http-header-forward-pattern", "HttpHeaderForwardPattern", OptionKind.Text, "", "A regular expression: headers of inference requests in whose names it is found become parameters.");

    public static OptionDefinition HttpRestrictedApi { get; } = new("http-restricted-api", "HttpRestrictedApi", OptionKind.List, "", "Categories of routes that ask for a header: <category>[,<category>]:<header>=<value>. May be given several times.");

    public static OptionDefinition AllowGrpc { get; } = new("allow-grpc", "AllowGrpc", OptionKind.Boolean, "true", "Serve gRPC.");

    public static OptionDefinition GrpcAddress { get; } = new("grpc-address", "GrpcAddress", OptionKind.Text, "0.0.0.0", "The address that gRPC listens on.");

    public static OptionDefinition GrpcPort { get; } = new("grpc-port", "GrpcPort", OptionKind.Number, "8001", "The port of gRPC; 0 takes a free one.") { Maximum = MaxPort };

    public static OptionDefinition GrpcMaxRequestBytes { get; } = new("grpc-max-request-bytes", "GrpcMaxRequestBytes", OptionKind.Number, "2147483642", "The largest gRPC request message, in bytes.") { Unit = OptionUnit.Bytes, Minimum = 1, Maximum = KServeRpcOptions.MaxMessageBytes };

    public static OptionDefinition GrpcKeepAliveTime { get; } = new("grpc-keepalive-time", "GrpcKeepAliveTime", OptionKind.Number, "7200000", "After how much silence a gRPC connection is pinged, in milliseconds, to about a second; 2147483647 for never.") { Unit = OptionUnit.Milliseconds, Minimum = 1000, Maximum = Never };

    public static OptionDefinition GrpcKeepAliveTimeout { get; } = new("grpc-keepalive-timeout", "GrpcKeepAliveTimeout", OptionKind.Number, "20000", "How long after that ping a gRPC connection may stay silent before it is cut, in milliseconds; 2147483647 for ever.") { Unit = OptionUnit.Milliseconds, Minimum = 1000, Maximum = Never };

    public static OptionDefinition GrpcKeepAlivePermitWithoutCalls { get; } = new("grpc-keepalive-permit-without-calls", "GrpcKeepAlivePermitWithoutCalls", OptionKind.Boolean, "true", "Ping gRPC connections without calls too. The transport cannot leave that, so that false is refused.");

    public static OptionDefinition GrpcMaxConnectionAge { get; } = new("grpc-max-connection-age", "GrpcMaxConnectionAge", OptionKind.Number, NeverText, "At what age a gRPC connection is asked to go (GOAWAY), in milliseconds, a tenth more or less; 2147483647 for never.") { Unit = OptionUnit.Milliseconds, Minimum = 1, Maximum = Never };

    public static OptionDefinition GrpcMaxConnectionAgeGrace { get; } = new("grpc-max-connection-age-grace", "GrpcMaxConnectionAgeGrace", OptionKind.Number, NeverText, "How long the calls of a gRPC connection that was asked to go may take before it is cut, in milliseconds; 2147483647 for as long as they need.") { Unit = OptionUnit.Milliseconds, Maximum = Never };

    public static OptionDefinition GrpcMaxInflatedBytes { get; } = new("grpc-max-inflated-bytes", "GrpcMaxInflatedBytes", OptionKind.Number, "67108864", "How many bytes a compressed gRPC request message may become.") { Unit = OptionUnit.Bytes, Minimum = 1, Maximum = KServeRpcOptions.MaxMessageBytes };

    public static OptionDefinition GrpcMaxStreamRequests { get; } = new("grpc-max-stream-requests", "GrpcMaxStreamRequests", OptionKind.Number, "1024", "How many requests of one gRPC stream may be outstanding; the next ones wait in the connection.") { Minimum = 1, Maximum = int.MaxValue };

    public static OptionDefinition GrpcMaxStreamBytes { get; } = new("grpc-max-stream-bytes", "GrpcMaxStreamBytes", OptionKind.Number, "268435456", "What the responses of the outstanding requests of one gRPC stream may take together, in bytes, going by the largest so far; one may be outstanding in any case.") { Unit = OptionUnit.Bytes, Minimum = 1 };

    public static OptionDefinition GrpcMaxResponsePoolSize { get; } = new("grpc-max-response-pool-size", "GrpcMaxResponsePoolSize", OptionKind.Number, "256", "How many responses of one request may wait for their reader before the decoupled model that sends them has to wait.") { Minimum = 1, Maximum = int.MaxValue };

    public static OptionDefinition GrpcInferResponseCompressionLevel { get; } = new("grpc-infer-response-compression-level", "GrpcInferResponseCompressionLevel", OptionKind.Word, "none", "How hard inference responses over gRPC are compressed, for clients that take gzip.") { Words = ["none", "low", "medium", "high"] };

    public static OptionDefinition GrpcHeaderForwardPattern { get; } = new("grpc-header-forward-pattern", "GrpcHeaderForwardPattern", OptionKind.Text, "", "A regular expression: metadata of inference calls in whose keys it is found become parameters.");

    public static OptionDefinition GrpcRestrictedProtocol { get; } = new("grpc-restricted-protocol", "GrpcRestrictedProtocol", OptionKind.List, "", "Categories of rpcs that ask for the metadata triton-grpc-protocol-<key>: <category>[,<category>]:<key>=<value>. May be given several times.");

    public static OptionDefinition AllowMetrics { get; } = new("allow-metrics", "AllowMetrics", OptionKind.Boolean, "true", "Serve Prometheus metrics.");

    public static OptionDefinition MetricsAddress { get; } = new("metrics-address", "MetricsAddress", OptionKind.Text, "", "The address that metrics listen on; that of HTTP when not given.");

    public static OptionDefinition MetricsPort { get; } = new("metrics-port", "MetricsPort", OptionKind.Number, "8002", "The port of the metrics; 0 takes a free one.") { Maximum = MaxPort };

    public static OptionDefinition MetricsConfig { get; } = new("metrics-config", "MetricsConfig", OptionKind.List, "", "counter_latencies=, histogram_latencies=, summary_latencies= or duration_histograms=true or false, summary_quantiles=<quantile>:<error>,... or duration_buckets=<seconds>,... May be given several times.");

    public static OptionDefinition AllowCpuMetrics { get; } = new("allow-cpu-metrics", "AllowCpuMetrics", OptionKind.Boolean, "true", "Show the load of the machine's processors and memory among the metrics, on Linux.");

    public static OptionDefinition AllowGpuMetrics { get; } = new("allow-gpu-metrics", "AllowGpuMetrics", OptionKind.Boolean, "true", "Show the load of NVIDIA's GPUs among the metrics, where their driver has its management library (NVML).");

    public static OptionDefinition MetricsInterval { get; } = new("metrics-interval-ms", "MetricsIntervalMs", OptionKind.Number, "2000", "How old the load of the machine may be that the metrics show, in milliseconds.") { Unit = OptionUnit.Milliseconds, Minimum = 1, Maximum = 86_400_000 };

    public static OptionDefinition LogVerbose { get; } = new("log-verbose", "LogVerbose", OptionKind.Number, "0", "Log details: 1 of the server, 2 of its libraries too.") { Maximum = 2 };

    public static OptionDefinition LogInfo { get; } = new("log-info", "LogInfo", OptionKind.Boolean, "true", "Log what happens.");

    public static OptionDefinition LogWarning { get; } = new("log-warning", "LogWarning", OptionKind.Boolean, "true", "Log what is odd.");

    public static OptionDefinition LogError { get; } = new("log-error", "LogError", OptionKind.Boolean, "true", "Log what fails.");

    public static OptionDefinition LogFormat { get; } = new("log-format", "LogFormat", OptionKind.Word, "default", "default or ISO8601 for text, json for one JSON object a line.") { Words = [.. LogFormats.Names] };

    public static OptionDefinition LogRequests { get; } = new("log-requests", "LogRequests", OptionKind.Text, "all", "Which inference requests get a line in the log: all, failed, off, or a number from 0 to 1 for that part of those that succeed, and all that fail.");

    public static OptionDefinition LogRequestsPerSecond { get; } = new("log-requests-per-second", "LogRequestsPerSecond", OptionKind.Number, "100", "How many requests that succeed get a line in a second at most, and how many that fail; the next line tells how many did not.") { Minimum = 1, Maximum = 1_000_000 };

    public static OptionDefinition TraceConfig { get; } = new("trace-config", "TraceConfig", OptionKind.List, "", "A setting of tracing: triton,file=<path>, triton,log-frequency=<n>, triton,max-bytes=<n>, opentelemetry,url=<address>, opentelemetry,resource=<key>=<value>, opentelemetry,spans=one|phases, level=TIMESTAMPS|TENSORS|OFF, rate=<n>, count=<n> or mode=triton|opentelemetry. May be given several times.");

    /// <summary>Every option, with those that it belongs to.</summary>
    public static ImmutableArray<OptionGroup> Groups { get; } =
    [
        new("Models and repositories", [ModelRepository, ModelControlMode, LoadModel, RepositoryPoll, ModelConfigName, ModelNamespacing, ModelName, ModelDirectory, AllowModelLinks, RepositoryCacheDirectory, RepositoryCacheMaxBytes]),
        new("Loading", [StrictReadiness, ExitOnError, StartupHold, DisableAutoComplete, ModelAutoWarmup, ModelLoadThreadCount, ModelLoadRetryCount]),
        new("Models in memory", [ModelResidency, ModelMemoryBudget, ModelIdleUnload, ColdStartTimeout, MaxColdRequests]),
        new("Backends", [BackendDirectory, BackendConfig]),
        new("The response cache", [CacheConfig, ResponseCacheByteSize]),
        new("Queues and executions", [MaxQueueSize, MaxQueueBytes, StallTimeout, MaxCallerExecution, RateLimit, RateLimitResource, MaxConcurrentExecutions, HostPolicy]),
        new("The server", [Id, MaxConnections, MaxRequestMemory, RequestMemoryWait, ExitTimeout, DrainDelay, AllowClientShm]),
        new("HTTP", [AllowHttp, HttpAddress, HttpPort, HttpMaxInputSize, HttpMaxRequestBytes, HttpHeaderForwardPattern, HttpRestrictedApi]),
        new("gRPC",
        [
            AllowGrpc, GrpcAddress, GrpcPort, GrpcMaxRequestBytes, GrpcMaxInflatedBytes, GrpcMaxStreamRequests, GrpcMaxStreamBytes, GrpcMaxResponsePoolSize,
            GrpcKeepAliveTime, GrpcKeepAliveTimeout, GrpcKeepAlivePermitWithoutCalls, GrpcMaxConnectionAge, GrpcMaxConnectionAgeGrace, GrpcInferResponseCompressionLevel, GrpcHeaderForwardPattern, GrpcRestrictedProtocol,
        ]),
        new("Metrics", [AllowMetrics, MetricsAddress, MetricsPort, MetricsConfig, AllowCpuMetrics, AllowGpuMetrics, MetricsInterval]),
        new("Logs and traces", [LogInfo, LogWarning, LogError, LogVerbose, LogFormat, LogRequests, LogRequestsPerSecond, TraceConfig]),
        .. SecurityOptionTable.Groups,
    ];

    /// <summary>Every option, in the order of the groups.</summary>
    public static ImmutableArray<OptionDefinition> All { get; } = [.. Groups.SelectMany(static group => group.Options)];
}
