using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>The batch size a model is served with: the file's, or else the server's default for a model that can batch.</summary>
internal static class BatchSizeDecision
{
    private const int MostOffenders = 4;

    /// <summary>The batch size, 0 for none; null, after a report, when the file asks for batches that the model cannot take.</summary>
    public static int? Decide(CompletionContext context)
    {
        var canBatch = context.Signature.HasFreeFirstDimension;
        if (context.Declared.DeclaredMaxBatchSize is not { } declared)
        {
            // Dims as long as the model's whole shape were written by someone who did not think of batches.
            var isWholeShape = context.Pairs.Any(static pair => (pair.Declared.Reshape ?? pair.Declared.Dims).Length == pair.Model?.Shape.Rank);
            return context.IsIncomplete && canBatch && !isWholeShape ? context.Options.DefaultMaxBatchSize : 0;
        }

        if (declared == 0 || canBatch)
        {
            return declared;
        }

        context.Error(
            "max_batch_size",
            FormattableString.Invariant($"max_batch_size is {declared}, but the model cannot batch: {Reasons(context)}"),
            "write max_batch_size: 0 and dims with the whole shape, or export the model with a free first dimension");
        return null;
    }

    private static string Reasons(CompletionContext context)
    {
        var reasons = context.Signature.Inputs.Where(static tensor => !tensor.IsOptional).Select(static tensor => Reason("input", tensor))
            .Concat(context.Signature.Outputs.Select(static tensor => Reason("output", tensor)))
            .OfType<string>().ToList();
        return reasons.Count switch
        {
            0 => "it has no inputs or no outputs",
            <= MostOffenders => string.Join("; ", reasons),
            _ => FormattableString.Invariant($"{string.Join("; ", reasons.Take(MostOffenders))}; and {reasons.Count - MostOffenders} more"),
        };
    }

    private static string? Reason(string kind, TensorSpec tensor)
    {
        if (tensor.Shape.Rank == 0)
        {
            return $"{kind} '{tensor.Name}' is a scalar, without a first dimension";
        }

        if (!tensor.HasRows)
        {
            return $"{kind} '{tensor.Name}' is put together from pieces, which its first dimension counts";
        }

        return tensor.Shape[0] == TensorShape.Free
            ? null
            : FormattableString.Invariant($"{kind} '{tensor.Name}' has shape {tensor.Shape}, whose first dimension is fixed at {tensor.Shape[0]}");
    }
}
