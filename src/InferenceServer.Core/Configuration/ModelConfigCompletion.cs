using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Configuration.Completion;
using InferenceServer.Core.Configuration.Rules;

namespace InferenceServer.Core.Configuration;

/// <summary>Completes a configuration from the loaded model and finds every contradiction between the two.</summary>
public static class ModelConfigCompletion
{
    /// <summary>Fills in what the configuration leaves out and reports, all at once, what contradicts the model.</summary>
    /// <param name="declared">The configuration as declared.</param>
    /// <param name="signature">What the model itself takes and gives.</param>
    /// <param name="options">What may be filled in.</param>
    /// <param name="config">The configuration to serve by, when nothing is wrong.</param>
    /// <param name="problems">Every contradiction, in the order of the file.</param>
    public static bool TryComplete(
        DeclaredModelConfig declared,
        ModelSignature signature,
        ModelCompletionOptions options,
        [NotNullWhen(true)] out ModelConfig? config,
        out ImmutableArray<ConfigProblem> problems)
    {
        config = null;
        var context = new CompletionContext(declared, signature, options);
        if (context.IsIncomplete && !options.AutoComplete)
        {
            ReportIncomplete(context);
            problems = context.Problems.ToImmutable();
            return false;
        }

        var decided = BatchSizeDecision.Decide(context);
        new SignatureComparison(context, decided).Run();
        if (decided is { } maxBatchSize)
        {
            BatchingConsistency.Check(context, maxBatchSize);
            if (context.Problems.IsEmpty)
            {
                TensorCompletion.Fill(context, isBatching: maxBatchSize > 0);

                // What the file says of it has been checked; now the inputs and the batch size that it leaves out are known too.
                WarmupCheck.Run(context.Message, maxBatchSize, context.Error);
            }

            if (context.Problems.IsEmpty)
            {
                MessageNormaliser.Normalise(context, maxBatchSize);
                config = ModelConfigFactory.Create(context);
            }
        }

        problems = context.Problems.ToImmutable();
        return config is not null;
    }

    private static void ReportIncomplete(CompletionContext context)
    {
        foreach (var (field, isMissing) in new[] { ("input", context.Inputs.IsEmpty), ("output", context.Outputs.IsEmpty) })
        {
            if (isMissing)
            {
                context.Error(
                    field,
                    $"the configuration of model '{context.Declared.Name}' has no {field}, and auto-completion is turned off",
                    $"write {field} [ {{ name: \"...\" data_type: TYPE_FP32 dims: [ -1 ] }} ], or turn auto-completion on");
            }
        }
    }
}
