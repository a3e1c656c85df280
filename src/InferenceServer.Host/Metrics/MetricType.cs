namespace InferenceServer.Host.Metrics;

/// <summary>The types of families of metrics.</summary>
internal enum MetricType
{
    /// <summary>It only grows, until it begins anew at 0.</summary>
    Counter,

    /// <summary>It goes up and down.</summary>
    Gauge,

    /// <summary>Observations counted by buckets.</summary>
    Histogram,

    /// <summary>Quantiles of observations.</summary>
    Summary,
}
