using System.Collections.Immutable;
using InferenceServer.Core.Routing;

namespace InferenceServer.Host.Metrics;

/// <summary>Shows what has come of aliases to Prometheus: the series of an alias come with it, at 0, and go with it.</summary>
/// <param name="aliases">The aliases.</param>
/// <param name="usesNamespaces">True when targets may have qualified names.</param>
internal sealed class AliasMetrics(IAliasControl aliases, bool usesNamespaces) : IMetricsSource
{
    /// <summary>The version of a target that means the highest one.</summary>
    private const string Highest = "highest";

    public IEnumerable<Action<MetricsText>> Sections() => [Write];

    public void Write(MetricsText text)
    {
        var shown = aliases.List();
        if (shown.IsEmpty)
        {
            return;
        }

        Targets(text, shown, "inference_server_alias_request_total", MetricType.Counter, "Requests of an alias that have ended, by target.", static target => target.Requests);
        Targets(text, shown, "inference_server_alias_failure_total", MetricType.Counter, "Those that failed by a fault of the server or the model.", static target => target.Failures);
        Targets(text, shown, "inference_server_alias_skipped_total", MetricType.Counter, "Requests that were a target's and went elsewhere, since it was not ready.", static target => target.Skipped);
        Targets(text, shown, "inference_server_alias_duration_us", MetricType.Counter, "Time from a request's hand-over to its model until its end, summed, in microseconds.", static target => Math.Floor(target.Duration.TotalMicroseconds));
        Targets(text, shown, "inference_server_alias_share", MetricType.Gauge, "The part of the traffic that a target is to get, from 0 to 1.", static target => target.Share);
        Shadow(text, shown, "inference_server_alias_shadow_sent_total", "Copies of requests that a shadow was asked to answer.", static shadow => shadow.Sent);
        Shadow(text, shown, "inference_server_alias_shadow_failed_total", "Copies that the shadow did not answer.", static shadow => shadow.Failed);
        const string Dropped = "inference_server_alias_shadow_dropped_total";
        text.Begin(Dropped, MetricType.Counter, "Copies that were not sent, by reason.");
        foreach (var alias in shown)
        {
            foreach (var reason in Enum.GetValues<ShadowDrop>())
            {
                text.Sample(Dropped, $"{Label(alias)},{MetricsText.Label("reason", AliasWords.Of(reason))}", alias.Shadow.Dropped[(int)reason]);
            }
        }

        const string Rollbacks = "inference_server_alias_rollback_total";
        text.Begin(Rollbacks, MetricType.Counter, "How often an alias went back to its stable target, by cause.");
        foreach (var alias in shown)
        {
            foreach (var cause in Enum.GetValues<RollbackCause>())
            {
                text.Sample(Rollbacks, $"{Label(alias)},{MetricsText.Label("cause", AliasWords.Of(cause))}", alias.Rollbacks[(int)cause]);
            }
        }
    }

    private void Targets(MetricsText text, ImmutableArray<AliasStatus> shown, string name, MetricType type, string help, Func<AliasTargetStatus, double> read)
    {
        text.Begin(name, type, help);
        foreach (var alias in shown)
        {
            foreach (var target in alias.Targets)
            {
                var version = target.Target.Version is null ? Highest : target.Target.VersionText;
                text.Sample(name, $"{Label(alias)},{ModelLabels.Of(target.Target.Model, usesNamespaces)},{MetricsText.Label("version", version)}", read(target));
            }
        }
    }

    private static void Shadow(MetricsText text, ImmutableArray<AliasStatus> shown, string name, string help, Func<ShadowStatus, long> read)
    {
        text.Begin(name, MetricType.Counter, help);
        foreach (var alias in shown)
        {
            text.Sample(name, Label(alias), read(alias.Shadow));
        }
    }

    private static string Label(AliasStatus alias) => MetricsText.Label("alias", alias.Config.Name);
}
