using System.Globalization;

namespace InferenceServer.Core.Routing;

/// <summary>Decides whether a target has broken its limits.</summary>
internal static class RollbackPolicy
{
    /// <summary>
    /// The part of the requests that may take longer than the limit of the latency. That the 95th percentile lies above a limit is the same as
    /// that more than 5 of 100 do, so that counting is enough, and exact.
    /// </summary>
    private const double SlowShare = 0.05;

    /// <summary>The breach; null when there is none, or too few requests to tell.</summary>
    public static RollbackDecision? Decide(RollbackConfig rule, in WindowCounts counts)
    {
        if (counts.Requests == 0 || counts.Requests < rule.MinRequests)
        {
            return null;
        }

        if (rule.MaxErrorRate is { } rate && counts.Failures > rate * counts.Requests)
        {
            return new RollbackDecision(RollbackCause.ErrorRate, string.Create(
                CultureInfo.InvariantCulture,
                $"{counts.Failures} of its {counts.Requests} requests of the last {rule.Window.TotalSeconds:0.###} s failed, at most {rate * 100:0.##} % may (max_error_rate)"));
        }

        if (rule.MaxLatency is { } limit && counts.Slow > SlowShare * counts.Requests)
        {
            return new RollbackDecision(RollbackCause.Latency, string.Create(
                CultureInfo.InvariantCulture,
                $"{counts.Slow} of its {counts.Requests} requests of the last {rule.Window.TotalSeconds:0.###} s took longer than {limit.TotalMilliseconds:0.###} ms, at most {SlowShare * 100} % may (max_latency_ms)"));
        }

        return null;
    }
}
