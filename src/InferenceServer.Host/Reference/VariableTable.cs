using System.Collections.Immutable;
using InferenceServer.Caches.Redis.Settings;
using InferenceServer.RemoteRepositories.Credentials;

namespace InferenceServer.Host.Reference;

/// <summary>Every variable of the environment that the server reads by a name of its own, and not as the key of an option. A test holds the table against the sources.</summary>
internal static class VariableTable
{
    public static ImmutableArray<Variable> Rows { get; } =
    [
        new("OTEL_EXPORTER_OTLP_ENDPOINT", "Where the collector of OpenTelemetry is; naming one switches traces and metrics on."),
        new("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "The same for traces alone."),
        new("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "The same for metrics alone."),
        new("OTEL_TRACES_EXPORTER", "otlp or none."),
        new("OTEL_METRICS_EXPORTER", "otlp or none; prometheus, which needs nothing, is passed over."),
        new("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc, the default, or http/protobuf."),
        new("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "The same for traces alone."),
        new("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "The same for metrics alone."),
        new("OTEL_TRACES_SAMPLER", "always_on, always_off or traceidratio, each also as parentbased_<name>; parentbased_always_on unless set."),
        new("OTEL_TRACES_SAMPLER_ARG", "The part of the requests for traceidratio, 0 to 1."),
        new("OTEL_RESOURCE_ATTRIBUTES", "What is said of the process."),
        new("OTEL_BSP_MAX_QUEUE_SIZE", "How many spans may wait to be sent."),
        new("OTEL_BSP_SCHEDULE_DELAY", "How long spans wait for others, in milliseconds."),
        new("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "How many spans are sent at once."),
        new("OTEL_SDK_DISABLED", "true: nothing goes to a collector."),
        new("OTEL_...", "Every other variable of the standard goes to the library as it is: headers, time limits, the name of the service."),
        new(RedisSettingsReader.UserVariable, "The user of the Redis of --cache-config where no setting names one."),
        new(RedisSettingsReader.PasswordVariable, "Its password."),
        new(CloudCredentials.FileVariable, "A JSON file with the credentials of object stores; with it none of the following counts."),
        new("AWS_ACCESS_KEY_ID", "Key for S3, with the next one. Without both, the sources of the AWS SDK are asked."),
        new("AWS_SECRET_ACCESS_KEY", "Its secret."),
        new("AWS_SESSION_TOKEN", "Its token, where it has one."),
        new("AWS_DEFAULT_REGION", "The region of the buckets."),
        new("AWS_REGION", "The same, where the former is not set."),
        new("AWS_PROFILE", "The profile of the AWS SDK, where there is no key."),
        new("AZURE_STORAGE_ACCOUNT", "The account of Azure Blob Storage."),
        new("AZURE_STORAGE_KEY", "Its key."),
        new("AZURE_STORAGE_AUTH_TYPE", "key, or it is refused: other kinds are not supported."),
        new("ORT_DISABLE_TELEMETRY", "1 unless set: ONNX Runtime tells its makers nothing of the machine and the models."),
        new("NOTIFY_SOCKET", "Where systemd is told that the server is ready and that it stops. Set by systemd."),
        new("WATCHDOG_USEC", "How often systemd wants a sign of life, in microseconds. Set by systemd."),
        new("WATCHDOG_PID", "The process that it is meant for. Set by systemd."),
        new("MALLOC_TRIM_THRESHOLD_", "Settings of the C library's allocator: with one of the three set, the server leaves them as they are."),
        new("MALLOC_MMAP_THRESHOLD_", "The same."),
        new("GLIBC_TUNABLES", "The same, where it sets thresholds."),
    ];
}
