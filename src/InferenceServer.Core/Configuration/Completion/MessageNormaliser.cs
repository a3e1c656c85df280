using Optimization = global::Inference.ModelOptimizationPolicy;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>Writes every default into the message, so that what is shown is what is used and reads back to the same.</summary>
internal static class MessageNormaliser
{
    private const ulong DefaultIdleMicroseconds = 1_000_000;

    public static void Normalise(CompletionContext context, int maxBatchSize)
    {
        var message = context.Message;
        message.Name = context.Declared.Name;
        message.Backend = context.Declared.Backend.Name;
        message.Platform = context.Declared.Backend.Platform ?? "";
        message.DefaultModelFilename = context.Declared.ModelFilename ?? "";
        message.MaxBatchSize = maxBatchSize;
        message.VersionPolicy ??= new global::Inference.ModelVersionPolicy();
        if (message.VersionPolicy.PolicyChoiceCase == global::Inference.ModelVersionPolicy.PolicyChoiceOneofCase.None)
        {
            message.VersionPolicy.Latest = new global::Inference.ModelVersionPolicy.Types.Latest { NumVersions = 1 };
        }

        message.Optimization ??= new Optimization();
        message.Optimization.InputPinnedMemory ??= new Optimization.Types.PinnedMemoryBuffer { Enable = true };
        message.Optimization.OutputPinnedMemory ??= new Optimization.Types.PinnedMemoryBuffer { Enable = true };
        NormaliseBatching(message, isCompleted: context.IsIncomplete);
        InstanceGroups.Normalise(message);
    }

    // Batches are formed for every model that can take them; Triton's clients expect to see so only where Triton would form them.
    private static void NormaliseBatching(global::Inference.ModelConfig message, bool isCompleted)
    {
        if (message.SequenceBatching is { } sequences)
        {
            NormaliseSequences(sequences, message.MaxBatchSize);
            return;
        }

        if (isCompleted && message.MaxBatchSize > 1)
        {
            message.DynamicBatching ??= new global::Inference.ModelDynamicBatching();
        }

        if (message.DynamicBatching is { PreferredBatchSize.Count: 0 } batching)
        {
            batching.PreferredBatchSize.Add(message.MaxBatchSize);
        }
    }

    private static void NormaliseSequences(global::Inference.ModelSequenceBatching sequences, int maxBatchSize)
    {
        if (sequences.MaxSequenceIdleMicroseconds == 0)
        {
            sequences.MaxSequenceIdleMicroseconds = DefaultIdleMicroseconds;
        }

        if (sequences.StrategyChoiceCase == global::Inference.ModelSequenceBatching.StrategyChoiceOneofCase.None)
        {
            sequences.Direct = new global::Inference.ModelSequenceBatching.Types.StrategyDirect();
        }

        if (sequences.Oldest is { PreferredBatchSize.Count: 0 } oldest && maxBatchSize > 0)
        {
            oldest.PreferredBatchSize.Add(maxBatchSize);
        }
    }
}
