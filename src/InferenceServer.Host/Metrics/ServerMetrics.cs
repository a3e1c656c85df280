using System.Globalization;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Scheduling;
using InferenceServer.Host.Logging;

namespace InferenceServer.Host.Metrics;

/// <summary>Shows how the server as a whole stands, and what has become of the requests that it was sent.</summary>
internal sealed class ServerMetrics(IModelControl control, RequestObserver observer, BufferedLog log) : IMetricsSource
{
    private static readonly string[] s_rpcCodes =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
        "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    public IEnumerable<Action<MetricsText>> Sections() => [Write];

    private void Write(MetricsText text)
    {
        text.Single("inference_server_ready", MetricType.Gauge, "1 while the server is ready, as its readiness probe says.", control.IsReady ? 1 : 0);
        text.Single("inference_server_draining", MetricType.Gauge, "1 from the moment on in which the server was told to stop.", control.IsLeaving ? 1 : 0);
        text.Single("inference_server_lane_threads", MetricType.Gauge, "Threads that run models, or wait for requests to run.", LaneThreads.Count);
        text.Single("inference_server_log_dropped_total", MetricType.Counter, "Lines that the log has lost, since too many waited to be written.", log.Dropped);
        const string Answers = "inference_server_answer_total";
        text.Begin(Answers, MetricType.Counter, "Inference requests of clients that have ended, by protocol and by the code that they were answered with; 499 is a client of HTTP that has gone.");
        foreach (var protocol in RequestProtocols.All)
        {
            if (protocol == RequestProtocol.Internal)
            {
                continue;
            }

            var way = MetricsText.Label("protocol", RequestProtocols.NameOf(protocol));
            foreach (var (code, count) in observer.Answers.Read(protocol))
            {
                text.Sample(Answers, $"{way},{MetricsText.Label("code", NameOf(protocol, code))}", count);
            }
        }
    }

    private static string NameOf(RequestProtocol protocol, int code) =>
        protocol == RequestProtocol.Rpc && code < s_rpcCodes.Length ? s_rpcCodes[code] : code.ToString(CultureInfo.InvariantCulture);
}
