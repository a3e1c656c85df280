using InferenceServer.Core.Repository;

namespace InferenceServer.Host.Metrics;

/// <summary>The labels that say which model a series is of.</summary>
internal static class ModelLabels
{
    /// <summary>The model, and where each repository is a namespace, its namespace beside it, as Triton's dashboards expect.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="usesNamespaces">True when the name may be a qualified one.</param>
    public static string Of(string name, bool usesNamespaces) => usesNamespaces && ModelNamespaces.TrySplit(name, out var space, out var model)
        ? $"{MetricsText.Label("model", model)},{MetricsText.Label("namespace", space)}"
        : MetricsText.Label("model", name);
}
