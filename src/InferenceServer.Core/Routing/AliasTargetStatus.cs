namespace InferenceServer.Core.Routing;

/// <summary>A target of an alias, and what has come of its requests.</summary>
/// <param name="Target">The target.</param>
/// <param name="Share">Its part of the traffic, from 0 to 1.</param>
/// <param name="IsReady">True when a version is there that answers.</param>
public sealed record AliasTargetStatus(AliasTarget Target, double Share, bool IsReady)
{
    /// <summary>Requests that have ended.</summary>
    public required long Requests { get; init; }

    /// <summary>Those that failed by a fault of the server or the model.</summary>
    public required long Failures { get; init; }

    /// <summary>Requests that were its and went elsewhere, since it was not ready.</summary>
    public required long Skipped { get; init; }

    /// <summary>The time from a request's hand-over to its model until its end, summed.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What the roll-back goes by; null when nobody watches this target.</summary>
    public WindowCounts? Window { get; init; }
}
