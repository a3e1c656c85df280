using InferenceServer.Core.Caching;

namespace InferenceServer.Host.Metrics;

/// <summary>Shows the response cache to Prometheus: Triton's gauges, which its cache in memory has, and how a store outside of the process does. Nothing where there is no cache.</summary>
internal sealed class CacheMetrics(IResponseCacheStatus cache) : IMetricsSource
{
    public IEnumerable<Action<MetricsText>> Sections() => [Write];

    public void Write(MetricsText text)
    {
        if (cache.Read() is not { } report)
        {
            return;
        }

        if (report.Local is { } local)
        {
            Gauge(text, "nv_cache_util", "The part of the response cache that is taken, from 0 to 1.", local.Utilization);
            Gauge(text, "nv_cache_num_entries", "Answers in the response cache.", local.Entries);
            Gauge(text, "nv_cache_num_evictions", "Answers that had to go for others.", local.Evictions);
        }

        Gauge(text, "nv_cache_num_lookups", "Lookups in the response cache.", report.Lookups.Count);
        Gauge(text, "nv_cache_num_hits", "Lookups that found an answer.", report.Hits);
        Gauge(text, "nv_cache_num_misses", "Lookups that found none.", report.Misses);
        Gauge(text, "nv_cache_lookup_duration", "Time of all lookups, summed, in microseconds.", Math.Floor(report.Lookups.Duration.TotalMicroseconds));
        Gauge(text, "nv_cache_insertion_duration", "Time of all insertions, as far as the model had to wait for them, summed, in microseconds.", Math.Floor(report.Insertions.Duration.TotalMicroseconds));
        if (report.Store is { } store)
        {
            Gauge(text, "inference_server_cache_store_up", "1 while the store of the response cache is asked, 0 while it is left alone after a failure.", store.IsReachable ? 1 : 0);
            Counter(text, "inference_server_cache_store_failure_total", "Lookups and insertions that the store has failed or not answered in time.", store.Failures);
            Counter(text, "inference_server_cache_store_skipped_total", "Lookups and insertions that were not tried so soon after a failure.", store.Skipped);
            Counter(text, "inference_server_cache_store_unreadable_total", "Entries of the store that were no answers of this server.", store.Unreadable);
            Counter(text, "inference_server_cache_store_dropped_total", "Answers that were not kept, since too many were on their way to the store.", store.Dropped);
        }
    }

    private static void Gauge(MetricsText text, string name, string help, double value) => text.Single(name, MetricType.Gauge, help, value);

    private static void Counter(MetricsText text, string name, string help, double value) => text.Single(name, MetricType.Counter, help, value);
}
