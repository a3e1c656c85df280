using System.Globalization;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Host.Metrics;

/// <summary>A version whose metrics are shown.</summary>
/// <param name="Model">The version.</param>
/// <param name="LoadDuration">How long its load took.</param>
/// <param name="UsesNamespaces">True when its name may be a qualified one.</param>
internal sealed record ShownModel(ServedModel Model, TimeSpan LoadDuration, bool UsesNamespaces)
{
    /// <summary>What it has to do now.</summary>
    public SchedulerLoad Load { get; } = Model.Load;

    /// <summary>The labels of all its series: the model with its namespace, the version, and the tags of its configuration, each with an underscore in front.</summary>
    public string Labels { get; } = string.Join(',', [
        ModelLabels.Of(Model.Name, UsesNamespaces),
        MetricsText.Label("version", Model.Version.ToString(CultureInfo.InvariantCulture)),
        .. Model.Config.MetricTags.Select(static tag => MetricsText.Label("_" + tag.Key, tag.Value))]);
}
