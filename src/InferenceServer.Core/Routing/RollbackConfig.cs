namespace InferenceServer.Core.Routing;

/// <summary>When an alias takes all traffic back to its stable target by itself. At least one of the two limits is set.</summary>
public sealed record RollbackConfig
{
    /// <summary>How many requests must have ended when the configuration does not say.</summary>
    public const int DefaultMinRequests = 20;

    /// <summary>The smallest limit of the latency.</summary>
    public const double LeastMilliseconds = 0.001;

    /// <summary>The largest limit of the latency.</summary>
    public const double MostMilliseconds = 86_400_000;

    /// <summary>The most requests that can be waited for.</summary>
    public const int MostRequests = 1_000_000;

    /// <summary>The longest that can be looked back.</summary>
    public const int MostSeconds = 86_400;

    /// <summary>How far back is looked when the configuration does not say.</summary>
    public static readonly TimeSpan DefaultWindow = TimeSpan.FromSeconds(60);

    /// <summary>Which part of a target's requests may fail, from 0 to 1; null for no limit.</summary>
    public double? MaxErrorRate { get; init; }

    /// <summary>What 95 of 100 of a target's requests must not take longer than; null for no limit.</summary>
    public TimeSpan? MaxLatency { get; init; }

    /// <summary>How many requests must have ended within the window before anything is decided.</summary>
    public int MinRequests { get; init; } = DefaultMinRequests;

    /// <summary>How far back is looked.</summary>
    public TimeSpan Window { get; init; } = DefaultWindow;
}
