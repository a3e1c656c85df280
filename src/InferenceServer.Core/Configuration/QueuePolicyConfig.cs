namespace InferenceServer.Core.Configuration;

/// <summary>How many requests may wait, for how long, and what becomes of those that have waited too long.</summary>
public sealed record QueuePolicyConfig
{
    /// <summary>How many may wait; 0 leaves the server's own bound.</summary>
    public int MaxQueueSize { get; init; }

    /// <summary>How long a request may wait; zero is without limit.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>True when a request may ask for a shorter wait.</summary>
    public bool AllowTimeoutOverride { get; init; }

    /// <summary>True when a request that has waited too long goes behind all others of its priority; false when it is refused.</summary>
    public bool DelaysExpired { get; init; }
}
