using InferenceServer.Host.Listeners;

namespace InferenceServer.Host.Metrics;

/// <summary>Shows the connections of the ports.</summary>
internal sealed class ConnectionMetrics(ConnectionLimit connections) : IMetricsSource
{
    private static readonly (Listener Listener, string Label)[] s_ports =
        [(Listener.Http, MetricsText.Label("port", "http")), (Listener.Rpc, MetricsText.Label("port", "grpc")), (Listener.Metrics, MetricsText.Label("port", "metrics"))];

    public IEnumerable<Action<MetricsText>> Sections() => [Write];

    private void Write(MetricsText text)
    {
        WriteFamily(text, "inference_server_connections", MetricType.Gauge, "Connections that are open now.", connections.Open);
        WriteFamily(text, "inference_server_connections_refused_total", MetricType.Counter, "Connections that were closed as soon as they came, because as many were open as may be.", connections.Refused);
        WriteFamily(text, "inference_server_connections_abandoned_total", MetricType.Counter, "Connections that the web server never ended and that were left to the garbage collector, as after floods of HTTP/2 resets.", connections.Abandoned);
        text.Single("inference_server_connections_max", MetricType.Gauge, "How many connections HTTP and gRPC may have together (--max-connections).", connections.Maximum);
    }

    private static void WriteFamily(MetricsText text, string name, MetricType type, string help, Func<Listener, long> value)
    {
        text.Begin(name, type, help);
        foreach (var (listener, label) in s_ports)
        {
            text.Sample(name, label, value(listener));
        }
    }
}
