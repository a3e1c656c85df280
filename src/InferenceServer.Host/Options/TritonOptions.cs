using System.Collections.Frozen;

namespace InferenceServer.Host.Options;

/// <summary>Triton's own flags. Each is an option here, or is explained in <see cref="ForeignOptions"/>.</summary>
internal static class TritonOptions
{
    /// <summary>The flags, without the dashes.</summary>
    public static FrozenSet<string> Flags { get; } = new[]
    {
        "id", "exit-timeout-secs", "exit-on-error", "strict-readiness", "disable-auto-complete-config", "enable-peer-access",
        "log-verbose", "log-info", "log-warning", "log-error", "log-format", "log-file",
        "model-repository", "model-store", "model-control-mode", "repository-poll-secs", "load-model", "model-config-name", "model-load-thread-count",
        "model-load-retry-count", "model-namespacing", "model-load-gpu-limit",
        "allow-http", "http-address", "http-port", "reuse-http-port", "http-thread-count", "http-max-input-size", "http-header-forward-pattern", "http-restricted-api",
        "allow-grpc", "grpc-address", "grpc-port", "reuse-grpc-port", "grpc-infer-thread-count", "grpc-infer-allocation-pool-size", "grpc-max-response-pool-size",
        "grpc-use-ssl", "grpc-use-ssl-mutual", "grpc-server-cert", "grpc-server-key", "grpc-root-cert", "grpc-infer-response-compression-level",
        "grpc-keepalive-time", "grpc-keepalive-timeout", "grpc-keepalive-permit-without-calls", "grpc-http2-max-pings-without-data",
        "grpc-http2-min-recv-ping-interval-without-data", "grpc-http2-max-ping-strikes", "grpc-max-connection-age", "grpc-max-connection-age-grace",
        "grpc-restricted-protocol", "grpc-header-forward-pattern",
        "allow-metrics", "allow-gpu-metrics", "allow-cpu-metrics", "metrics-address", "metrics-port", "metrics-interval-ms", "metrics-config",
        "trace-config", "trace-file", "trace-level", "trace-rate", "trace-count", "trace-log-frequency",
        "backend-directory", "backend-config", "repoagent-directory", "min-supported-compute-capability",
        "cache-config", "cache-directory", "response-cache-byte-size", "rate-limit", "rate-limit-resource",
        "pinned-memory-pool-byte-size", "cuda-memory-pool-byte-size", "cuda-virtual-address-size", "buffer-manager-thread-count", "host-policy", "allow-client-shm",
        "allow-sagemaker", "sagemaker-port", "sagemaker-safe-port-range", "sagemaker-thread-count",
        "allow-vertex-ai", "vertex-ai-port", "vertex-ai-thread-count", "vertex-ai-default-model", "strict-model-config",
    }.ToFrozenSet(StringComparer.Ordinal);
}
