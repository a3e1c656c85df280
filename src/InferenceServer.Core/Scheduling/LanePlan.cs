using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Scheduling;

/// <summary>What a model's configuration asks of its queue and its lanes. Pure.</summary>
internal static class LanePlan
{
    // As many as clients that wait for their answers are likely to be; each has memory of its own in an execution.
    private const int MaxGrownRows = 64;

    // More callers are seldom there at once for so short a time.
    private const int MaxSideLanes = 7;

    // What is about to expire must not be a thread's waking time too late.
    private static readonly TimeSpan s_margin = TimeSpan.FromMilliseconds(1);

    /// <summary>Where an instance is to run, for each lane.</summary>
    public static IEnumerable<LaneWish> Place(ModelConfig config, HostPolicies policies) => Place(config, policies, isPassive: false);

    /// <summary>Where an instance is to be that gets no requests.</summary>
    public static IEnumerable<InstancePlacement> PlacePassive(ModelConfig config, HostPolicies policies) => Place(config, policies, isPassive: true).Select(static wish => wish.Placement);

    /// <summary>Where instances are to run, those that get requests in front.</summary>
    public static IEnumerable<InstancePlacement> PlaceAll(IReadOnlyCollection<InstanceGroup> groups, HostPolicies policies) =>
        Place(groups, policies, isPassive: false).Concat(Place(groups, policies, isPassive: true)).Select(static wish => wish.Placement);

    private static IEnumerable<LaneWish> Place(ModelConfig config, HostPolicies policies, bool isPassive) => Place(config.InstanceGroups, policies, isPassive);

    private static IEnumerable<LaneWish> Place(IEnumerable<InstanceGroup> groups, HostPolicies policies, bool isPassive)
    {
        foreach (var group in groups.Where(group => group.IsPassive == isPassive))
        {
            // As many on each device as there are to be on one.
            var devices = group.Gpus.IsDefaultOrEmpty ? [0] : group.Gpus;
            for (var i = 0; i < group.Count * devices.Length; i++)
            {
                var device = devices[i / group.Count];
                yield return new LaneWish(new InstancePlacement($"{group.Name}_{i}", group.Kind, device) { Group = group.Name, Processors = policies.Of(group, device) }, LaneDemand.Of(group));
            }
        }
    }

    /// <summary>How requests wait and are put together.</summary>
    public static LaneSchedulerSetup Rules(ModelConfig config, SchedulerOptions options, TimeProvider time, ModelStatistics statistics)
    {
        var batching = config.DynamicBatching;
        return new LaneSchedulerSetup
        {
            Limits = batching is null || !config.IsBatching || config.IsDecoupled
                ? BatchLimits.Single
                : new BatchLimits(config.MaxBatchSize, [.. batching.PreferredBatchSizes.Order()], time.ToTicks(batching.MaxQueueDelay))
                {
                    MarginTicks = time.ToTicks(s_margin),
                    LatencyTargetTicks = batching.LatencyTarget is { } target ? time.ToTicks(target) : null,
                    GrowthRows = config.HasGrowingBatches ? MaxGrownRows : 0,
                },
            Queue = new QueueRules
            {
                MaxRequests = options.MaxQueueSize,
                Levels = batching is null ? [new QueuePolicy()] : [.. Enumerable.Range(1, batching.PriorityLevels).Select(level => Policy(batching, level))],
                DefaultLevel = batching?.DefaultPriorityLevel ?? 1,
                MaxStarvationTicks = time.ToTicks(batching?.MaxStarvation ?? TimeSpan.Zero),
            },
            MaxQueueBytes = options.MaxQueueBytes,
            Compatibility = BatchCompatibility.Of(config),
            PreservesOrdering = batching is { PreservesOrdering: true },
            MaxCallerExecution = options.MaxCallerExecution,
            MaxSideLanes = config.HasDefaultInstances ? MaxSideLanes : 0,
            MaxLanes = config.HasDefaultInstances && batching?.LatencyTarget is null ? options.MaxGrownInstances : 0,
            Time = time,
            Statistics = statistics,
        };
    }

    private static QueuePolicy Policy(DynamicBatchingConfig batching, int level)
    {
        var policy = batching.LevelPolicies.TryGetValue(level, out var own) ? own : batching.DefaultPolicy;
        return policy is null
            ? new QueuePolicy()
            : new QueuePolicy
            {
                MaxRequests = policy.MaxQueueSize > 0 ? policy.MaxQueueSize : int.MaxValue,
                Timeout = policy.Timeout,
                AllowsOverride = policy.AllowTimeoutOverride,
                DelaysExpired = policy.DelaysExpired,
            };
    }

    /// <summary>Which lanes go and which are to be made, for a configuration in the place of another. A lane whose instance runs where one is wanted stays.</summary>
    public static (IReadOnlyList<LaneWish> Missing, IReadOnlyList<InstanceRunner> Spare) Compare(ModelConfig config, HostPolicies policies, IEnumerable<InstanceRunner> lanes)
    {
        var spare = lanes.ToList();
        var missing = new List<LaneWish>();
        foreach (var wish in Place(config, policies))
        {
            var kept = spare.FindIndex(lane => IsAlike(config, lane.Placement, wish.Placement) && lane.Demand == wish.Demand);
            if (kept < 0)
            {
                missing.Add(wish);
            }
            else
            {
                spare.RemoveAt(kept);
            }
        }

        return (missing, spare);
    }

    /// <summary>A group of another name is another place only where a parameter speaks of one of the two, which then has its name between dots.</summary>
    private static bool IsAlike(ModelConfig config, InstancePlacement placement, InstancePlacement wish) =>
        (placement with { Name = wish.Name, Group = wish.Group }) == wish && (placement.Group == wish.Group || !config.Parameters.Keys.Any(key => Names(key, placement.Group) || Names(key, wish.Group)));

    private static bool Names(string key, string group) => key.Contains($".{group}.", StringComparison.Ordinal);
}
