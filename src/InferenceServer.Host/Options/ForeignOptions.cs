using System.Collections.Frozen;

namespace InferenceServer.Host.Options;

/// <summary>
/// Triton's options that this server does not have: why, or what does the same. A flag that would have no effect is not taken silently, and
/// whoever brings it from there is told more than that it is unknown.
/// </summary>
internal static class ForeignOptions
{
    private const string NoGpu = "devices and their memory are the engine's matter; what there is of them is set by the parameters of a model";
    private const string NoThreads = "the runtime sizes its threads itself, from the processors that the process may use";
    private const string NoStrikes = "the transport does not count a client's pings; its own are set by --grpc-keepalive-time and --grpc-keepalive-timeout";
    private const string NoTracing = "it is a part of --trace-config";
    private const string NoSageMaker = "this server does not speak the protocol of SageMaker";
    private const string NoVertex = "this server does not speak the protocol of Vertex AI";

    /// <summary>The explanations by flag, without the dashes.</summary>
    public static FrozenDictionary<string, string> Reasons { get; } = new Dictionary<string, string>
    {
        ["enable-peer-access"] = NoGpu,
        ["log-file"] = "the log goes to standard error, which a shell or a container runtime can redirect",
        ["model-load-gpu-limit"] = NoGpu,
        ["reuse-http-port"] = "a port belongs to one process; put a balancer in front of several",
        ["http-thread-count"] = NoThreads,
        ["reuse-grpc-port"] = "a port belongs to one process; put a balancer in front of several",
        ["grpc-infer-thread-count"] = NoThreads,
        ["grpc-infer-allocation-pool-size"] = "requests are not pooled; tensor memory is, within fixed bounds",
        ["grpc-http2-max-pings-without-data"] = NoStrikes,
        ["grpc-http2-min-recv-ping-interval-without-data"] = NoStrikes,
        ["grpc-http2-max-ping-strikes"] = NoStrikes,
        ["trace-file"] = NoTracing,
        ["trace-level"] = NoTracing,
        ["trace-rate"] = NoTracing,
        ["trace-count"] = NoTracing,
        ["trace-log-frequency"] = NoTracing,
        ["repoagent-directory"] = "this server has no repository agents",
        ["min-supported-compute-capability"] = NoGpu,
        ["cache-directory"] = "caches are built in, none is loaded from a folder; --cache-config takes local and redis",
        ["pinned-memory-pool-byte-size"] = NoGpu,
        ["cuda-memory-pool-byte-size"] = NoGpu,
        ["cuda-virtual-address-size"] = NoGpu,
        ["buffer-manager-thread-count"] = NoThreads,
        ["allow-sagemaker"] = NoSageMaker,
        ["sagemaker-port"] = NoSageMaker,
        ["sagemaker-safe-port-range"] = NoSageMaker,
        ["sagemaker-thread-count"] = NoSageMaker,
        ["allow-vertex-ai"] = NoVertex,
        ["vertex-ai-port"] = NoVertex,
        ["vertex-ai-thread-count"] = NoVertex,
        ["vertex-ai-default-model"] = NoVertex,
        ["strict-model-config"] = "use --disable-auto-complete-config, which replaced it",
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
