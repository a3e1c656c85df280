using InferenceServer.Abstractions.Errors;
using InferenceServer.Host.Identities;
using Prometheus;

namespace InferenceServer.Host.Security;

/// <summary>Counts what was refused, and by the callers of the access file what was let in: read when somebody scrapes.</summary>
internal sealed class AccessCounters
{
    private long _unauthenticated;
    private long _forbidden;
    private long _limited;
    private long _undecided;

    /// <summary>A request has been refused.</summary>
    public void Count(ErrorCode code)
    {
        switch (code)
        {
            case ErrorCode.Unauthenticated:
                Interlocked.Increment(ref _unauthenticated);
                break;
            case ErrorCode.ResourceExhausted:
                Interlocked.Increment(ref _limited);
                break;
            case ErrorCode.Unavailable:
                Interlocked.Increment(ref _undecided);
                break;
            default:
                Interlocked.Increment(ref _forbidden);
                break;
        }
    }

    /// <summary>Has them shown among the metrics.</summary>
    public void AddTo(CollectorRegistry registry, QuotaTable quotas)
    {
        var factory = Prometheus.Metrics.WithCustomRegistry(registry);
        var refused = factory.CreateCounter("inference_server_access_refused_total", "Requests that were refused before an endpoint saw them", "reason");
        var callers = factory.CreateCounter("inference_server_caller_request_total", "Requests of the callers of the access file, by what their limits made of them", "caller", "result");
        registry.AddBeforeCollectCallback(() =>
        {
            refused.WithLabels("unauthenticated").IncTo(Interlocked.Read(ref _unauthenticated));
            refused.WithLabels("forbidden").IncTo(Interlocked.Read(ref _forbidden));
            refused.WithLabels("limited").IncTo(Interlocked.Read(ref _limited));
            refused.WithLabels("undecided").IncTo(Interlocked.Read(ref _undecided));
            foreach (var (id, quota) in quotas.Known)
            {
                callers.WithLabels(id, "admitted").IncTo(quota.Admitted);
                callers.WithLabels(id, "too_fast").IncTo(quota.TooFast);
                callers.WithLabels(id, "too_many").IncTo(quota.TooMany);
            }
        });
    }
}
