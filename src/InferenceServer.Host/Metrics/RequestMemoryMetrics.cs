using InferenceServer.Protocols.KServe.Memory;

namespace InferenceServer.Host.Metrics;

/// <summary>Shows the memory that large request bodies share.</summary>
internal sealed class RequestMemoryMetrics(RequestMemoryGate memory) : IMetricsSource
{
    public IEnumerable<Action<MetricsText>> Sections() => [Write];

    private void Write(MetricsText text)
    {
        text.Single("inference_server_request_memory_bytes", MetricType.Gauge, "Bytes of large request bodies that are read, or have been read and are not answered yet.", memory.InUse);
        text.Single("inference_server_request_memory_peak_bytes", MetricType.Gauge, "The most that they were at once since the start.", memory.Peak);
        text.Single("inference_server_request_memory_limit_bytes", MetricType.Gauge, "The most that they may be (--max-request-memory-bytes); 0 for no limit, and nothing is counted then.", memory.Limit);
        text.Single("inference_server_request_memory_waiting", MetricType.Gauge, "Large request bodies that wait for room.", memory.Waiting);
        text.Single("inference_server_request_memory_waits_total", MetricType.Counter, "How often one has waited for room.", memory.Waits);
        text.Single("inference_server_request_memory_wait_seconds_total", MetricType.Counter, "How long they have waited in all, in seconds.", memory.Waited.TotalSeconds);
        text.Single("inference_server_request_memory_refused_total", MetricType.Counter, "Requests that were refused since there was no room for their body in time.", memory.Refusals);
    }
}
