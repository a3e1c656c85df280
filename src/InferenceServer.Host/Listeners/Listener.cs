namespace InferenceServer.Host.Listeners;

/// <summary>The ports that the process listens on, by what they serve.</summary>
internal enum Listener
{
    /// <summary>KServe v2 over HTTP.</summary>
    Http,

    /// <summary>KServe v2 over gRPC.</summary>
    Rpc,

    /// <summary>Prometheus, and probes.</summary>
    Metrics,
}
