using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Sequences;

/// <summary>What a model's configuration asks of its sequences. Pure.</summary>
internal static class SequencePlan
{
    public static SequenceSchedulerSetup Of(ModelConfig config, SequenceBatchingConfig sequences, ImmutableArray<InitialState> initial, SchedulerOptions options, TimeProvider time, ModelStatistics statistics)
    {
        var lane = LanePlan.Rules(config, options, time, statistics);
        var delay = sequences.IsDirect && sequences.MinimumSlotUtilization == 0 ? TimeSpan.Zero : sequences.MaxQueueDelay;
        return new SequenceSchedulerSetup
        {
            Limits = new SequenceLimits
            {
                SlotsPerLane = sequences.SlotsPerInstance,
                HasFixedRows = sequences.IsDirect && config.IsBatching,
                MaxIdleTicks = time.ToTicks(sequences.MaxIdle),
                MaxWaiting = options.MaxQueueSize,
                MaxWaitingBytes = options.MaxQueueBytes,
            },
            Lane = lane with
            {
                Limits = config.IsBatching && !config.IsDecoupled
                    ? new BatchLimits(config.MaxBatchSize, [.. sequences.PreferredBatchSizes.Order()], time.ToTicks(delay)) { MarginTicks = lane.Limits.MarginTicks }
                    : BatchLimits.Single,
                PreservesOrdering = sequences.PreservesOrdering,
            },
            MinimumSlotUtilization = sequences.MinimumSlotUtilization,
            IsIterative = sequences.IsIterative,
            Initial = initial,
            Time = time,
            Statistics = statistics,
        };
    }
}
