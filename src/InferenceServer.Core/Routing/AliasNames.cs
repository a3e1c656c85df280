namespace InferenceServer.Core.Routing;

/// <summary>The members of a configuration.</summary>
internal static class AliasNames
{
    public const string Aliases = "aliases";
    public const string Targets = "targets";
    public const string Model = "model";
    public const string Version = "version";
    public const string Weight = "weight";
    public const string Stable = "stable";
    public const string Shadow = "shadow";
    public const string Fraction = "fraction";
    public const string MaxInFlight = "max_in_flight";
    public const string TimeoutMs = "timeout_ms";
    public const string StickyHeader = "sticky_header";
    public const string Rollback = "rollback";
    public const string MaxErrorRate = "max_error_rate";
    public const string MaxLatencyMs = "max_latency_ms";
    public const string MinRequests = "min_requests";
    public const string WindowSeconds = "window_seconds";
}
