using Google.Protobuf.Collections;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>Checks what depends on the batch size where the file left that to be decided.</summary>
internal static class BatchingConsistency
{
    public static void Check(CompletionContext context, int maxBatchSize)
    {
        if (context.Declared.DeclaredMaxBatchSize is not null)
        {
            return;
        }

        if (maxBatchSize == 0)
        {
            CheckUnbatched(context);
        }

        if (maxBatchSize <= 1 && LatencyTargetRule.Of(context.Message) is not null)
        {
            context.Error(
                LatencyTargetRule.Path,
                FormattableString.Invariant($"parameter '{LatencyTargetRule.Key}' decides on batches, but max_batch_size is not given and so is {maxBatchSize}"),
                "write the largest batch that the model takes as max_batch_size, or leave the parameter out");
        }

        CheckPreferred(context, maxBatchSize, "dynamic_batching.preferred_batch_size", context.Message.DynamicBatching?.PreferredBatchSize ?? []);
        CheckPreferred(context, Math.Max(1, maxBatchSize), "sequence_batching.oldest.preferred_batch_size", context.Message.SequenceBatching?.Oldest?.PreferredBatchSize ?? []);
    }

    private static void CheckPreferred(CompletionContext context, int most, string path, RepeatedField<int> preferred)
    {
        for (var i = 0; most > 0 && i < preferred.Count; i++)
        {
            if (preferred[i] > most)
            {
                context.Error(
                    DeclaredTensor.PathOf(path, i),
                    FormattableString.Invariant($"a preferred_batch_size of {preferred[i]} is more than max_batch_size, which is not given and so is {most}"),
                    FormattableString.Invariant($"write max_batch_size: {preferred.Max()}"));
            }
        }
    }

    private static void CheckUnbatched(CompletionContext context)
    {
        if (context.Message.DynamicBatching is not null)
        {
            context.Error(
                "dynamic_batching",
                "dynamic_batching needs a batch dimension, but max_batch_size is not given and so is 0",
                "write the largest batch that the model takes as max_batch_size, or leave out dynamic_batching");
        }

        foreach (var tensor in context.Inputs.AddRange(context.Outputs))
        {
            if (tensor.Reshape is { IsEmpty: true })
            {
                context.Error(
                    $"{tensor.Path}.reshape",
                    $"{tensor.Words} has an empty reshape, which needs a batch dimension, but max_batch_size is not given and so is 0",
                    "leave out the reshape; dims of [ 1 ] alone fit a scalar of the model");
            }
        }
    }
}
