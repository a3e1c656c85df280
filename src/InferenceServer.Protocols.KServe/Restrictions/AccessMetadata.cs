namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>Says of an endpoint what it takes to reach it. An endpoint without it is refused as soon as callers are asked who they are.</summary>
/// <param name="Rule">What it takes.</param>
public sealed record AccessMetadata(AccessRule Rule)
{
    /// <summary>The name by which the audit log tells of it: a route's pattern, or an rpc.</summary>
    public required string Action { get; init; }

    /// <summary>True for an rpc, whose message names the model, if any: it is looked at when it has been read.</summary>
    public bool IsRpc { get; init; }

    /// <summary>True for an rpc that stays open and carries many requests, each of which is looked at by itself.</summary>
    public bool IsStream { get; init; }
}
