using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using Prometheus;

namespace InferenceServer.Host.Metrics;

/// <summary>
/// Shows the models' counters to Prometheus under Triton's names, labels and units. The request path knows nothing of it: the values are
/// read from the models when somebody scrapes.
/// </summary>
internal sealed class ModelMetrics
{
    private static readonly string[] s_labels = ["model", "version"];

    private readonly IModelStatusSource _source;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Model, string Version), ServedModel> _shown = [];
    private readonly Counter _success;
    private readonly Counter _failure;
    private readonly Counter _inferences;
    private readonly Counter _executions;
    private readonly Counter _requestDuration;
    private readonly Counter _queueDuration;
    private readonly Counter _inputDuration;
    private readonly Counter _inferDuration;
    private readonly Counter _outputDuration;
    private readonly Gauge _pending;
    private readonly Gauge _loadDuration;
    private readonly Counter _releases;

    public ModelMetrics(IModelStatusSource source, CollectorRegistry registry)
    {
        _source = source;
        var factory = Prometheus.Metrics.WithCustomRegistry(registry);
        _success = factory.CreateCounter("nv_inference_request_success", "Requests that ended with a response.", s_labels);
        _failure = factory.CreateCounter("nv_inference_request_failure", "Requests that failed, by reason.", [.. s_labels, "reason"]);
        _inferences = factory.CreateCounter("nv_inference_count", "Rows that were inferred.", s_labels);
        _executions = factory.CreateCounter("nv_inference_exec_count", "Times that the model was run.", s_labels);
        _requestDuration = factory.CreateCounter("nv_inference_request_duration_us", "Time from acceptance to answer, summed, in microseconds.", s_labels);
        _queueDuration = factory.CreateCounter("nv_inference_queue_duration_us", "Time in the queue, summed, in microseconds.", s_labels);
        _inputDuration = factory.CreateCounter("nv_inference_compute_input_duration_us", "Time for putting inputs together, summed, in microseconds.", s_labels);
        _inferDuration = factory.CreateCounter("nv_inference_compute_infer_duration_us", "Time in the model, summed, in microseconds.", s_labels);
        _outputDuration = factory.CreateCounter("nv_inference_compute_output_duration_us", "Time for cutting outputs into answers, summed, in microseconds.", s_labels);
        _pending = factory.CreateGauge("nv_inference_pending_request_count", "Requests accepted and not yet executing.", s_labels);
        _loadDuration = factory.CreateGauge("nv_model_load_duration_secs", "How long the last load took, in seconds.", s_labels);
        _releases = factory.CreateCounter("inference_server_batch_release_total", "Executed batches by the reason why they were released with the rows that they had.", [.. s_labels, "reason"]);
        registry.AddBeforeCollectCallback(Update);
    }

    /// <summary>The word for a failure in Triton's metric.</summary>
    private static string Name(FailureReason reason) => reason switch
    {
        FailureReason.Rejected => "REJECTED",
        FailureReason.Cancelled => "CANCELED",
        FailureReason.Backend => "BACKEND",
        _ => "OTHER",
    };

    private static string Name(ReleaseReason reason) => reason switch
    {
        ReleaseReason.LaneIdle => "lane_idle",
        ReleaseReason.Full => "full",
        ReleaseReason.Preferred => "preferred",
        ReleaseReason.DelayExpired => "delay_expired",
        ReleaseReason.ShapeMismatch => "shape_mismatch",
        _ => "drain",
    };

    private void Update()
    {
        lock (_lock)
        {
            var serving = _source.Statuses.Where(static status => status.Served is not null).ToArray();
            foreach (var (labels, model) in _shown.Where(pair => !serving.Any(status => ReferenceEquals(status.Served, pair.Value))).ToArray())
            {
                // Unloaded, or replaced by another incarnation, whose counters begin at 0.
                Remove(labels.Model, labels.Version);
                _shown.Remove(labels);
            }

            foreach (var status in serving)
            {
                var version = status.Served!.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
                _shown[(status.Name, version)] = status.Served;
                Show(status.Name, version, status.Served, status.LoadDuration);
            }
        }
    }

    private void Show(string model, string version, ServedModel served, TimeSpan loadDuration)
    {
        var statistics = served.Statistics;
        _success.WithLabels(model, version).IncTo(statistics.Successes);
        _inferences.WithLabels(model, version).IncTo(statistics.Inferences);
        _executions.WithLabels(model, version).IncTo(statistics.Executions);
        _requestDuration.WithLabels(model, version).IncTo(Microseconds(statistics.RequestDuration));
        _queueDuration.WithLabels(model, version).IncTo(Microseconds(statistics.QueueDuration));
        _inputDuration.WithLabels(model, version).IncTo(Microseconds(statistics.ComputeInputDuration));
        _inferDuration.WithLabels(model, version).IncTo(Microseconds(statistics.ComputeInferDuration));
        _outputDuration.WithLabels(model, version).IncTo(Microseconds(statistics.ComputeOutputDuration));
        _pending.WithLabels(model, version).Set(served.QueuedRequests);
        _loadDuration.WithLabels(model, version).Set(loadDuration.TotalSeconds);
        foreach (var reason in Enum.GetValues<FailureReason>())
        {
            _failure.WithLabels(model, version, Name(reason)).IncTo(statistics.Failures(reason));
        }

        foreach (var reason in Enum.GetValues<ReleaseReason>())
        {
            _releases.WithLabels(model, version, Name(reason)).IncTo(statistics.Releases(reason));
        }
    }

    private void Remove(string model, string version)
    {
        foreach (var counter in new[] { _success, _inferences, _executions, _requestDuration, _queueDuration, _inputDuration, _inferDuration, _outputDuration })
        {
            counter.RemoveLabelled(model, version);
        }

        _pending.RemoveLabelled(model, version);
        _loadDuration.RemoveLabelled(model, version);
        foreach (var reason in Enum.GetValues<FailureReason>())
        {
            _failure.RemoveLabelled(model, version, Name(reason));
        }

        foreach (var reason in Enum.GetValues<ReleaseReason>())
        {
            _releases.RemoveLabelled(model, version, Name(reason));
        }
    }

    private static double Microseconds(TimeSpan span) => Math.Floor(span.TotalMicroseconds);
}
