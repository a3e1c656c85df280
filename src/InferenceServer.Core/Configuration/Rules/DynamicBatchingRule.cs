namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Batching needs a batch dimension, and sizes worth waiting for that a batch can have.</summary>
internal sealed class DynamicBatchingRule : IConfigRule
{
    // TimeSpan counts in ticks of a tenth of a microsecond.
    private const ulong MaxMicroseconds = long.MaxValue / TimeSpan.TicksPerMicrosecond;

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

        for (var i = 0; i < batching.PreferredBatchSize.Count; i++)
        {
            CheckPreferred(context, DeclaredTensor.PathOf("dynamic_batching.preferred_batch_size", i), batching.PreferredBatchSize[i]);
        }

        CheckTime(context, "dynamic_batching.max_queue_delay_microseconds", batching.MaxQueueDelayMicroseconds);
        foreach (var (path, policy) in QueuePolicyRule.Policies(batching))
        {
            CheckTime(context, $"{path}.default_timeout_microseconds", policy.DefaultTimeoutMicroseconds);
        }
    }

    private static void CheckPreferred(RuleContext context, string path, int size)
    {
        if (size < 1)
        {
            context.Error(path, FormattableString.Invariant($"a preferred_batch_size must be 1 or more, found {size}"));
        }
        else if (context.MaxBatchSize is > 0 and var most && size > most)
        {
            context.Error(path, FormattableString.Invariant($"a preferred_batch_size of {size} is more than max_batch_size, which is {most}"));
        }
    }

    private static void CheckTime(RuleContext context, string path, ulong microseconds)
    {
        if (microseconds > MaxMicroseconds)
        {
            context.Error(path, FormattableString.Invariant($"{path.Split('.')[^1]} must be at most {MaxMicroseconds}, found {microseconds}"));
        }
    }
}
