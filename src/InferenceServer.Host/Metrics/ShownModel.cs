using System.Globalization;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Host.Metrics;

/// <summary>A version whose metrics are shown.</summary>
/// <param name="Model">The version.</param>
/// <param name="LoadDuration">How long its load took.</param>
internal sealed record ShownModel(ServedModel Model, TimeSpan LoadDuration)
{
    /// <summary>The labels of all its series: the model, the version, and the tags of its configuration, each with an underscore in front.</summary>
    public string Labels { get; } = string.Join(',', [
        MetricsText.Label("model", Model.Name),
        MetricsText.Label("version", Model.Version.ToString(CultureInfo.InvariantCulture)),
        .. Model.Config.MetricTags.Select(static tag => MetricsText.Label("_" + tag.Key, tag.Value))]);
}
