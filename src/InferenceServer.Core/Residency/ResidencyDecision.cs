using System.Collections.Immutable;

namespace InferenceServer.Core.Residency;

/// <summary>What is to be done about the memory now.</summary>
internal sealed record ResidencyDecision
{
    /// <summary>The incarnations whose load begins.</summary>
    public ImmutableArray<long> Start { get; init; } = [];

    /// <summary>The models that leave, each with the reason.</summary>
    public ImmutableArray<(string Model, EvictionReason Reason)> Evict { get; init; } = [];

    /// <summary>The incarnations for which there can be no room, each with the reason.</summary>
    public ImmutableArray<(long Id, string Reason)> Refuse { get; init; } = [];

    /// <summary>When to look again although nothing has happened; null for when something happens.</summary>
    public TimeSpan? LookAgain { get; init; }

    /// <summary>The models in use whose room is needed: it is worth looking again as soon as one of them is not.</summary>
    public ImmutableArray<string> WaitsFor { get; init; } = [];
}
