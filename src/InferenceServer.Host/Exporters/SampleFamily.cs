using InferenceServer.Host.Metrics;

namespace InferenceServer.Host.Exporters;

/// <summary>A family as it was written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Help">What it tells.</param>
internal sealed record SampleFamily(string Name, MetricType Type, string Help);
