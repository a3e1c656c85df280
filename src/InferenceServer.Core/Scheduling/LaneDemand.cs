using System.Collections.Immutable;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Scheduling;

/// <summary>What a lane needs for each execution, and how often it is preferred to others. Two are equal when they ask for the same.</summary>
/// <param name="Resources">What it needs.</param>
/// <param name="Priority">How rarely it is preferred; at least 1.</param>
internal sealed record LaneDemand(ImmutableArray<InstanceResource> Resources, int Priority)
{
    /// <summary>Nothing but a place among the executions.</summary>
    public static LaneDemand None { get; } = new([], 1);

    public static LaneDemand Of(InstanceGroup group) => group.Resources.IsEmpty && group.RatePriority == 1 ? None : new LaneDemand(group.Resources, group.RatePriority);

    public bool Equals(LaneDemand? other) => other is not null && Priority == other.Priority && Resources.SequenceEqual(other.Resources);

    public override int GetHashCode() => HashCode.Combine(Priority, Resources.Length);
}
