namespace InferenceServer.Core.Access;

/// <summary>How much one caller may ask for.</summary>
/// <param name="RequestsPerSecond">The rate that is allowed for long; null for any.</param>
/// <param name="Burst">How many requests may come at once before the rate counts; at least 1.</param>
/// <param name="ConcurrentRequests">How many may be in flight; null for any number.</param>
public sealed record CallerLimits(double? RequestsPerSecond, int Burst, int? ConcurrentRequests)
{
    /// <summary>No limits.</summary>
    public static CallerLimits None { get; } = new(null, 1, null);

    /// <summary>True when nothing is limited.</summary>
    public bool IsEmpty => RequestsPerSecond is null && ConcurrentRequests is null;
}
