using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>How requests are put together into batches, and how long and how many may wait.</summary>
public sealed record DynamicBatchingConfig
{
    /// <summary>The sizes worth waiting for, ascending, each 1 to the model's largest; that largest alone when the file prefers none.</summary>
    public required ImmutableArray<int> PreferredBatchSizes { get; init; }

    /// <summary>How long the oldest request may wait for a preferred size; zero sends whatever is there.</summary>
    public TimeSpan MaxQueueDelay { get; init; }

    /// <summary>How many requests may wait; 0 leaves the server's own bound.</summary>
    public int MaxQueueSize { get; init; }

    /// <summary>How long a request may wait before it is refused; zero is without limit.</summary>
    public TimeSpan DefaultTimeout { get; init; }

    /// <summary>True when a request may ask for a shorter timeout than <see cref="DefaultTimeout"/>.</summary>
    public bool AllowTimeoutOverride { get; init; }
}
