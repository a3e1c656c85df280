using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Scheduling;

/// <summary>What a model's configuration asks of its queue and its lanes. Pure.</summary>
internal static class LanePlan
{
    /// <summary>Where an instance is to run, for each lane.</summary>
    public static IEnumerable<InstancePlacement> Place(ModelConfig config)
    {
        foreach (var group in config.InstanceGroups)
        {
            for (var i = 0; i < group.Count; i++)
            {
                yield return new InstancePlacement($"{group.Name}_{i}", group.Kind, group.Gpus.IsDefaultOrEmpty ? 0 : group.Gpus[i % group.Gpus.Length]);
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
                : new BatchLimits(config.MaxBatchSize, [.. batching.PreferredBatchSizes.Order()], time.ToTicks(batching.MaxQueueDelay)),
            MaxQueueSize = batching is { MaxQueueSize: > 0 } ? batching.MaxQueueSize : options.MaxQueueSize,
            MaxQueueBytes = options.MaxQueueBytes,
            DefaultTimeout = batching?.DefaultTimeout ?? TimeSpan.Zero,
            AllowTimeoutOverride = batching?.AllowTimeoutOverride ?? false,
            Time = time,
            Statistics = statistics,
        };
    }

    /// <summary>Which lanes go and which are to be made, for a configuration in the place of another. A lane whose instance runs where one is wanted stays.</summary>
    public static (IReadOnlyList<InstancePlacement> Missing, IReadOnlyList<InstanceRunner> Spare) Compare(ModelConfig config, IEnumerable<InstanceRunner> lanes)
    {
        var spare = lanes.ToList();
        var missing = new List<InstancePlacement>();
        foreach (var placement in Place(config))
        {
            var kept = spare.FindIndex(lane => lane.Placement.Kind == placement.Kind && lane.Placement.DeviceId == placement.DeviceId);
            if (kept < 0)
            {
                missing.Add(placement);
            }
            else
            {
                spare.RemoveAt(kept);
            }
        }

        return (missing, spare);
    }
}
