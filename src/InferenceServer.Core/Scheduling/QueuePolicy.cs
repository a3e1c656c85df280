namespace InferenceServer.Core.Scheduling;

/// <summary>How many requests of one priority may wait, for how long, and what becomes of those that have waited too long.</summary>
internal sealed record QueuePolicy
{
    /// <summary>How many may wait; the scheduler's own bound holds beside it.</summary>
    public int MaxRequests { get; init; } = int.MaxValue;

    /// <summary>How long one may wait; zero for as long as its client waits.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>True when a request may ask for a shorter wait than <see cref="Timeout"/>.</summary>
    public bool AllowsOverride { get; init; } = true;

    /// <summary>True when one that has waited too long goes behind all others of its priority; false when it is refused.</summary>
    public bool DelaysExpired { get; init; }
}
