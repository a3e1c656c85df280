namespace InferenceServer.ContainerTests.Prometheus;

/// <summary>The families that the dashboard and the rules ask for and that the server does not show yet. A family that it shows must not be here.</summary>
internal static class MetricsToCome
{
    public static IReadOnlyList<string> Families { get; } =
    [
        "inference_server_batch_size", "inference_server_inflight_requests", "inference_server_queue_bytes", "inference_server_queue_depth", "inference_server_ready",
        "inference_server_request_duration_seconds", "inference_server_request_phase_duration_seconds", "inference_server_saturation",
    ];
}
