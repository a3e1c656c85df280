namespace InferenceServer.Core.Configuration.Rules;

/// <summary>An answer can be given again only where a request has exactly one, which depends on nothing but the request.</summary>
internal sealed class ResponseCacheRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        if (context.Message.ResponseCache is not { Enable: true })
        {
            return;
        }

        if (context.Message.ModelTransactionPolicy is { Decoupled: true })
        {
            context.Error(
                "response_cache",
                "response_cache is enabled, but model_transaction_policy.decoupled is set: a request to such a model has any number of responses, which are not kept",
                "leave out response_cache");
        }

        if (context.Message.SequenceBatching is not null)
        {
            context.Error(
                "response_cache",
                "response_cache is enabled, but the model has sequence_batching: the answer to a request depends on those before it",
                "leave out response_cache");
        }
    }
}
