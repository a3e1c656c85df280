using System.Collections.Immutable;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>From the completed message to how requests are batched and how they wait.</summary>
internal static class BatchingSettings
{
    /// <summary>What a message says, or the defaults for a model that can batch; null when requests are not put together, and for sequences, which have a way of their own.</summary>
    public static DynamicBatchingConfig? Of(global::Inference.ModelConfig message)
    {
        if (message.SequenceBatching is not null)
        {
            return null;
        }

        if (message.DynamicBatching is not { } batching)
        {
            return message.MaxBatchSize > 1 && message.ModelTransactionPolicy is not { Decoupled: true } ? new DynamicBatchingConfig { PreferredBatchSizes = [message.MaxBatchSize], LatencyTarget = LatencyTargetRule.Of(message) } : null;
        }

        return new DynamicBatchingConfig
        {
            PreferredBatchSizes = [.. batching.PreferredBatchSize.Distinct().Order()],
            MaxQueueDelay = DurationField.Of(batching.MaxQueueDelayMicroseconds),
            LatencyTarget = LatencyTargetRule.Of(message),
            PreservesOrdering = batching.PreserveOrdering,
            PriorityLevels = (int)Math.Max(1, batching.PriorityLevels),
            DefaultPriorityLevel = batching.PriorityLevels > 0 ? (int)batching.DefaultPriorityLevel : 1,
            MaxStarvation = StarvationRule.Of(message),
            DefaultPolicy = batching.DefaultQueuePolicy is { } policy ? Policy(policy) : null,
            LevelPolicies = batching.PriorityQueuePolicy.ToImmutableSortedDictionary(static entry => (int)entry.Key, static entry => Policy(entry.Value)),
        };
    }

    private static QueuePolicyConfig Policy(global::Inference.ModelQueuePolicy policy) => new()
    {
        MaxQueueSize = (int)Math.Min(policy.MaxQueueSize, int.MaxValue),
        Timeout = DurationField.Of(policy.DefaultTimeoutMicroseconds),
        AllowTimeoutOverride = policy.AllowTimeoutOverride,
        DelaysExpired = policy.TimeoutAction == global::Inference.ModelQueuePolicy.Types.TimeoutAction.Delay,
    };
}
