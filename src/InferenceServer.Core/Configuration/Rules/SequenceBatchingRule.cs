namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Sequences are held in places that there are, and an execution of them has one row of every tensor for each.</summary>
internal sealed class SequenceBatchingRule : IConfigRule
{
    /// <summary>More sequences at a time than this are a slip of the pen.</summary>
    private const int MaxCandidates = 1_000_000;

    public void Check(RuleContext context)
    {
        if (context.Message.SequenceBatching is not { } batching)
        {
            return;
        }

        DurationField.Check(context, "sequence_batching.max_sequence_idle_microseconds", batching.MaxSequenceIdleMicroseconds);
        if (batching.Direct is { } direct)
        {
            CheckDirect(context, direct);
        }

        if (batching.Oldest is { } oldest)
        {
            CheckOldest(context, oldest);
        }

        CheckTensors(context);
    }

    private static void CheckDirect(RuleContext context, global::Inference.ModelSequenceBatching.Types.StrategyDirect direct)
    {
        const string path = "sequence_batching.direct";
        DurationField.Check(context, $"{path}.max_queue_delay_microseconds", direct.MaxQueueDelayMicroseconds);
        if (direct.MinimumSlotUtilization is not (>= 0 and <= 1))
        {
            context.Error($"{path}.minimum_slot_utilization", FormattableString.Invariant($"minimum_slot_utilization is a share of the sequences and must be from 0 to 1, found {direct.MinimumSlotUtilization}"));
        }
        else if (direct is { MinimumSlotUtilization: > 0, MaxQueueDelayMicroseconds: 0 })
        {
            context.Warn($"{path}.minimum_slot_utilization", "minimum_slot_utilization has no effect: max_queue_delay_microseconds is 0, so nothing is waited for");
        }
        else if (direct is { MinimumSlotUtilization: 0, MaxQueueDelayMicroseconds: > 0 })
        {
            context.Warn($"{path}.max_queue_delay_microseconds", "max_queue_delay_microseconds has no effect: minimum_slot_utilization is 0, so nothing is waited for");
        }
    }

    private static void CheckOldest(RuleContext context, global::Inference.ModelSequenceBatching.Types.StrategyOldest oldest)
    {
        const string path = "sequence_batching.oldest";
        if (oldest.MaxCandidateSequences is < 1 or > MaxCandidates)
        {
            context.Error(
                $"{path}.max_candidate_sequences",
                FormattableString.Invariant($"max_candidate_sequences must be from 1 to {MaxCandidates}, found {oldest.MaxCandidateSequences}"),
                FormattableString.Invariant($"write how many sequences an instance serves at a time, such as max_candidate_sequences: {Math.Max(1, context.MaxBatchSize ?? 4)}"));
        }

        PreferredSizes.Check(context, $"{path}.preferred_batch_size", oldest.PreferredBatchSize);
        if (context.MaxBatchSize == 0 && oldest.PreferredBatchSize.Any(static size => size > 1))
        {
            context.Error($"{path}.preferred_batch_size", "a preferred_batch_size above 1 needs a batch dimension, but max_batch_size is 0", "leave it out, or write the largest batch that the model takes as max_batch_size");
        }

        DurationField.Check(context, $"{path}.max_queue_delay_microseconds", oldest.MaxQueueDelayMicroseconds);
        if (oldest.PreserveOrdering && context.Message.ModelTransactionPolicy is { Decoupled: true })
        {
            context.Error($"{path}.preserve_ordering", "preserve_ordering cannot hold for a decoupled model, whose responses to several requests come as they are made", "leave out one of them");
        }
    }

    private static void CheckTensors(RuleContext context)
    {
        for (var i = 0; i < context.Message.Input.Count; i++)
        {
            if (context.Message.Input[i].AllowRaggedBatch)
            {
                Refuse(context, $"{DeclaredTensor.PathOf("input", i)}.allow_ragged_batch", "allow_ragged_batch");
            }
        }

        for (var i = 0; i < context.Message.BatchInput.Count; i++)
        {
            Refuse(context, DeclaredTensor.PathOf("batch_input", i), "batch_input");
        }

        for (var i = 0; i < context.Message.BatchOutput.Count; i++)
        {
            Refuse(context, DeclaredTensor.PathOf("batch_output", i), "batch_output");
        }
    }

    private static void Refuse(RuleContext context, string path, string what) =>
        context.Error(path, $"{what} is not supported together with sequence_batching: an execution has one row of every tensor for each of its sequences", "leave out one of them");
}
