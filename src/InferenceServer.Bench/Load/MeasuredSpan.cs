namespace InferenceServer.Bench.Load;

/// <summary>A time within which something counts, as timestamps of the clock.</summary>
/// <param name="From">Its begin.</param>
/// <param name="To">Its end.</param>
internal sealed record MeasuredSpan(long From, long To)
{
    /// <summary>Everything counts: a window of the warm-up, which ends when it is looked at.</summary>
    public static MeasuredSpan Always { get; } = new(long.MinValue, long.MaxValue);

    public bool Contains(long timestamp) => timestamp >= From && timestamp < To;
}
