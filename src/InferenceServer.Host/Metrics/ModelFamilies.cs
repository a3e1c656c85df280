using System.Collections.Immutable;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Sequences;
using InferenceServer.Core.Telemetry;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Metrics;

/// <summary>Every family that versions have: Triton's under Triton's names and units, and a few of this server's own.</summary>
internal static class ModelFamilies
{
    /// <summary>The families that are shown.</summary>
    public static ImmutableArray<ModelFamily> Of(MetricsOptions options) =>
    [
        Counter("nv_inference_request_success", "Requests that ended with a response.", static statistics => statistics.Successes),
        PerReason<FailureReason>("nv_inference_request_failure", "Requests that were accepted and failed, by reason.", Name, static (statistics, reason) => statistics.Failures(reason)),
        Counter("nv_inference_count", "Rows that were inferred.", static statistics => statistics.Inferences),
        Counter("nv_inference_exec_count", "Times that the model was run.", static statistics => statistics.Executions),
        OfCached(Counter("nv_cache_num_hits_per_model", "Requests that were answered from the response cache.", static statistics => statistics.CacheHits.Count)),
        OfCached(Counter("nv_cache_num_misses_per_model", "Requests whose answers the response cache did not have.", static statistics => statistics.CacheMisses.Count)),
        .. options.CounterLatencies ? Durations : [],
        Gauge("nv_inference_pending_request_count", "Requests accepted and not yet executing.", static shown => shown.Model.QueuedRequests),
        Gauge("inference_server_queue_depth", "Requests accepted and not yet executing, those that wait for an equal one's answer among them.", static shown => shown.Load.Requests),
        Gauge("inference_server_queue_bytes", "The bytes of the tensors of requests in the queue.", static shown => shown.Load.Bytes),
        Gauge("inference_server_inflight_requests", "Requests accepted and not yet answered by the model.", static shown => shown.Model.Statistics.InFlight),
        Gauge("inference_server_lanes", "How many executions can run at once.", static shown => shown.Load.Lanes),
        Gauge("inference_server_lanes_busy", "How many executions run.", static shown => shown.Load.Running),
        Gauge("inference_server_saturation", "The part of their time for which the instances were busy lately, from 0 to 1.", static shown => shown.Model.ReadSaturation(shown.Load)),
        Gauge("inference_server_stall_seconds", "For how long requests have waited while no instance took one, in seconds; 0 while none waits.", static shown => shown.Model.ReadStall().TotalSeconds),
        new("inference_server_batch_size", MetricType.Histogram, "The rows of executions.", HistogramSamples.WriteBatchSizes),
        .. options.Durations ? [RequestDuration, PhaseDuration] : Array.Empty<ModelFamily>(),
        Gauge("nv_model_load_duration_secs", "How long the last load took, in seconds.", static shown => shown.LoadDuration.TotalSeconds),
        new("inference_server_model_memory_bytes", MetricType.Gauge, "The memory that the version takes, measured when it was loaded, in bytes.", WriteMemory),
        OfSequences("inference_server_sequence_active", MetricType.Gauge, "Sequences that have a place among those that run.", static counts => counts.Active),
        OfSequences("inference_server_sequence_waiting", MetricType.Gauge, "Sequences that wait for a place.", static counts => counts.Waiting),
        OfSequences("inference_server_sequence_idle_total", MetricType.Counter, "Sequences that were given up since no request of theirs came for too long.", static counts => counts.IdleEnded),
        .. options.HistogramLatencies ? [FirstResponses] : Array.Empty<ModelFamily>(),
        .. options.SummaryLatencies ? Summaries : [],
        PerReason<RefusalReason>("inference_server_request_refused_total", "Requests that were turned away before they were scheduled, by reason.", Name, static (statistics, reason) => statistics.Refusals(reason)),
        PerReason<ReleaseReason>("inference_server_batch_release_total", "Executed batches by the reason why they were released with the rows that they had.", ReleaseReasons.NameOf, static (statistics, reason) => statistics.Releases(reason)),
    ];

    private static ImmutableArray<ModelFamily> Durations { get; } =
    [
        Duration("nv_inference_request_duration_us", "Time from acceptance to answer, summed, in microseconds.", static statistics => statistics.RequestDuration),
        Duration("nv_inference_queue_duration_us", "Time in the queue, summed, in microseconds.", static statistics => statistics.QueueDuration),
        Duration("nv_inference_compute_input_duration_us", "Time for putting inputs together, summed, in microseconds.", static statistics => statistics.ComputeInputDuration),
        Duration("nv_inference_compute_infer_duration_us", "Time in the model, summed, in microseconds.", static statistics => statistics.ComputeInferDuration),
        Duration("nv_inference_compute_output_duration_us", "Time for cutting outputs into answers, summed, in microseconds.", static statistics => statistics.ComputeOutputDuration),
        OfCached(Duration("nv_cache_hit_duration_per_model", "Time of lookups that found an answer, summed, in microseconds.", static statistics => statistics.CacheHits.Duration)),
        OfCached(Duration("nv_cache_miss_duration_per_model", "Time of lookups that found none and of the insertions after them, summed, in microseconds.", static statistics => statistics.CacheMisses.Duration)),
    ];

    private static ModelFamily FirstResponses { get; } =
        new("nv_inference_first_response_histogram_ms", MetricType.Histogram, "Time from acceptance to the first response, in milliseconds.", WriteFirstResponses);

    private static ModelFamily RequestDuration { get; } =
        new("inference_server_request_duration_seconds", MetricType.Histogram, "Time from the coming of a request that succeeds until its answer has left, in seconds.", HistogramSamples.WriteRequests);

    private static ModelFamily PhaseDuration { get; } =
        new("inference_server_request_phase_duration_seconds", MetricType.Histogram, "The parts of that time, in seconds.", HistogramSamples.WritePhases);

    private static ImmutableArray<ModelFamily> Summaries { get; } =
    [
        Summary("nv_inference_request_summary_us", "Time from acceptance to answer, in microseconds.", static summaries => summaries.Request),
        Summary("nv_inference_queue_summary_us", "Time in the queue, in microseconds.", static summaries => summaries.Queue),
        Summary("nv_inference_compute_input_summary_us", "Time for putting inputs together, in microseconds.", static summaries => summaries.ComputeInput),
        Summary("nv_inference_compute_infer_summary_us", "Time in the model, in microseconds.", static summaries => summaries.ComputeInfer),
        Summary("nv_inference_compute_output_summary_us", "Time for cutting outputs into answers, in microseconds.", static summaries => summaries.ComputeOutput),
        Summary("nv_cache_hit_summary_per_model", "Time of lookups that found an answer, in microseconds.", static summaries => summaries.CacheHit),
        Summary("nv_cache_miss_summary_per_model", "Time of lookups that found none and of the insertions after them, in microseconds.", static summaries => summaries.CacheMiss),
    ];

    /// <summary>The word for a failure in Triton's metric.</summary>
    private static string Name(FailureReason reason) => reason switch
    {
        FailureReason.Rejected => "REJECTED",
        FailureReason.Cancelled => "CANCELED",
        FailureReason.Backend => "BACKEND",
        _ => "OTHER",
    };

    private static string Name(RefusalReason reason) => reason switch
    {
        RefusalReason.Invalid => "invalid",
        RefusalReason.QueueFull => "queue_full",
        RefusalReason.QueueBytes => "queue_bytes",
        RefusalReason.Stopping => "stopping",
        _ => "no_capacity",
    };

    private static ModelFamily Counter(string name, string help, Func<ModelStatistics, long> read) =>
        new(name, MetricType.Counter, help, (text, shown) => text.Sample(name, shown.Labels, read(shown.Model.Statistics)));

    private static ModelFamily Duration(string name, string help, Func<ModelStatistics, TimeSpan> read) =>
        new(name, MetricType.Counter, help, (text, shown) => text.Sample(name, shown.Labels, Math.Floor(read(shown.Model.Statistics).TotalMicroseconds)));

    private static ModelFamily Gauge(string name, string help, Func<ShownModel, double> read) =>
        new(name, MetricType.Gauge, help, (text, shown) => text.Sample(name, shown.Labels, read(shown)));

    private static ModelFamily PerReason<T>(string name, string help, Func<T, string> word, Func<ModelStatistics, T, long> read)
        where T : struct, Enum => new(name, MetricType.Counter, help, (text, shown) =>
    {
        // Every reason is there from the start, so that its rate can be asked for before it has ever happened.
        foreach (var reason in Enum.GetValues<T>())
        {
            text.Sample(name, $"{shown.Labels},{MetricsText.Label("reason", word(reason))}", read(shown.Model.Statistics, reason));
        }
    });

    private static ModelFamily Summary(string name, string help, Func<LatencySummaries, LatencySummary?> select) => new(name, MetricType.Summary, help, (text, shown) =>
    {
        var summary = select(shown.Model.Statistics.Summaries!)!;
        var (total, quantiles) = summary.Read();
        for (var i = 0; i < quantiles.Length; i++)
        {
            text.Sample(name, $"{shown.Labels},{MetricsText.Label("quantile", MetricsText.Number(summary.Targets[i].Quantile))}", quantiles[i]);
        }

        text.Sample(name + "_sum", shown.Labels, total.Duration.TotalMicroseconds);
        text.Sample(name + "_count", shown.Labels, total.Count);
    })
    {
        Applies = shown => shown.Model.Statistics.Summaries is { } summaries && select(summaries) is not null,
    };

    private static ModelFamily OfSequences(string name, MetricType type, string help, Func<SequenceCounts, long> read) =>
        new(name, type, help, (text, shown) => text.Sample(name, shown.Labels, read(shown.Model.Sequences!.Value))) { Applies = static shown => shown.Model.Sequences is not null };

    private static ModelFamily OfCached(ModelFamily family) => family with { Applies = static shown => shown.Model.KeepsResponses };

    private static void WriteMemory(MetricsText text, ShownModel shown)
    {
        // What could not be measured, since other models came or went meanwhile, is not known.
        if (shown.Model.MemoryBytes is { } bytes)
        {
            text.Sample("inference_server_model_memory_bytes", shown.Labels, bytes);
        }
    }

    private static void WriteFirstResponses(MetricsText text, ShownModel shown)
    {
        if (shown.Model.Statistics.FirstResponses is { } histogram)
        {
            HistogramSamples.Write(text, FirstResponses.Name, shown.Labels, histogram, unitsPerMillisecond: 1);
        }
    }
}
