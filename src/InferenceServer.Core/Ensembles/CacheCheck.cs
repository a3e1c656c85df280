namespace InferenceServer.Core.Ensembles;

/// <summary>Holds an ensemble whose answers are to be kept against the models of its steps: there must be one answer to a request, and always the same.</summary>
internal static class CacheCheck
{
    private const string Field = "response_cache";

    private const string Suggestion = "leave out response_cache here, and enable it for the models of steps that can have it";

    public static void Run(EnsembleLink link)
    {
        if (!link.Declared.UsesResponseCache)
        {
            return;
        }

        foreach (var step in link.Ensemble.Steps)
        {
            var member = link.MemberOf(step).Config;
            if (member.IsDecoupled)
            {
                link.Error(Field, $"response_cache is enabled, but {step.Words} is decoupled: a request has any number of responses, which are not kept", Suggestion);
            }

            if (member.RemembersRequests)
            {
                link.Error(Field, $"response_cache is enabled, but {step.Words} {(member.SequenceBatching is null ? "leads to a model with" : "has")} sequence_batching: the answer to a request depends on those before it", Suggestion);
            }
        }
    }
}
