using InferenceServer.Core.Access;
using InferenceServer.Host.Identities;
using Prometheus;

namespace InferenceServer.Host.Security;

/// <summary>Shows what was refused, and by the callers of the access file what was let in.</summary>
internal sealed class AccessCounters(AccessRefusals refusals)
{
    /// <summary>Has it read when somebody scrapes.</summary>
    public void AddTo(CollectorRegistry registry, QuotaTable quotas)
    {
        var factory = Prometheus.Metrics.WithCustomRegistry(registry);
        var refused = factory.CreateCounter("inference_server_access_refused_total", "Requests that were refused for who asked", "reason");
        var callers = factory.CreateCounter("inference_server_caller_request_total", "Requests of the callers of the access file, by what their limits made of them", "caller", "result");
        registry.AddBeforeCollectCallback(() =>
        {
            refused.WithLabels("unauthenticated").IncTo(refusals.Unauthenticated);
            refused.WithLabels("forbidden").IncTo(refusals.Forbidden);
            refused.WithLabels("limited").IncTo(refusals.Limited);
            refused.WithLabels("undecided").IncTo(refusals.Undecided);
            foreach (var (id, quota) in quotas.Known)
            {
                callers.WithLabels(id, "admitted").IncTo(quota.Admitted);
                callers.WithLabels(id, "too_fast").IncTo(quota.TooFast);
                callers.WithLabels(id, "too_many").IncTo(quota.TooMany);
            }
        });
    }
}
