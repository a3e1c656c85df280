using InferenceServer.Host.Options;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class ForeignOptionsTests
{
    /// <summary>Every flag that Triton has.</summary>
    public static TheoryData<string> TritonsFlags =>
    [
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
    ];

    [Theory]
    [MemberData(nameof(TritonsFlags))]
    public void FlagOfTriton_IsEitherThereOrExplained(string flag) =>
        Assert.True(
            OptionTable.All.Any(option => option.Flag == flag || option.Alias == flag) ^ ForeignOptions.Reasons.ContainsKey(flag),
            $"--{flag} must stand either among the options or among those that are explained");

    [Fact]
    public void Explanation_NamesOptionsThatThereAre() => Assert.All(ForeignOptions.Reasons.Values, static reason =>
    {
        Assert.InRange(reason.Length, 10, 160);
        Assert.All(
            reason.Split(' ', ';', ',', '(', ')').Where(static word => word.StartsWith("--", StringComparison.Ordinal)),
            static word => Assert.Contains(word[2..].Split('=')[0], OptionTable.All.Select(static option => option.Flag)));
    });

    [Fact]
    public void FlagOfTriton_OnTheCommandLine_TakesItsValueWithIt()
    {
        var line = CommandLine.Parse(["--trace-file", "/traces", "--reuse-grpc-port"]);
        Assert.Equal(2, line.Errors.Count);
        Assert.Contains("'--trace-file' of Triton is not here: ", line.Errors[0], StringComparison.Ordinal);
    }
}
