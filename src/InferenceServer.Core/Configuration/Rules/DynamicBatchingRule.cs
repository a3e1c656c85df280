namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Batching needs a batch dimension, and sizes worth waiting for that a batch can have.</summary>
internal sealed class DynamicBatchingRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        if (context.Message.DynamicBatching is not { } batching)
        {
            return;
        }

        if (context.MaxBatchSize == 0)
        {
            context.Error(
                "dynamic_batching",
                "dynamic_batching needs a batch dimension, but max_batch_size is 0",
                "leave out dynamic_batching, or write the largest batch that the model takes as max_batch_size");
        }

        PreferredSizes.Check(context, "dynamic_batching.preferred_batch_size", batching.PreferredBatchSize);
        DurationField.Check(context, "dynamic_batching.max_queue_delay_microseconds", batching.MaxQueueDelayMicroseconds);
        foreach (var (path, policy) in QueuePolicyRule.Policies(batching))
        {
            DurationField.Check(context, $"{path}.default_timeout_microseconds", policy.DefaultTimeoutMicroseconds);
        }
    }
}
