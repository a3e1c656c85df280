namespace InferenceServer.Core.Configuration.Rules;

/// <summary>A batch size is 0, for a model without a batch dimension, or a number of rows.</summary>
internal sealed class MaxBatchSizeRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        if (context.Message.MaxBatchSize < 0)
        {
            context.Error(
                "max_batch_size",
                FormattableString.Invariant($"max_batch_size must be 0 or more, found {context.Message.MaxBatchSize}"),
                "write max_batch_size: 0 for a model that does not batch");
        }
    }
}
