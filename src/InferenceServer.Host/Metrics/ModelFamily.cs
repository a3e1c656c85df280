namespace InferenceServer.Host.Metrics;

/// <summary>One family of metrics that versions have.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Help">What it tells, in one line.</param>
/// <param name="Write">Writes the samples of one version.</param>
internal sealed record ModelFamily(string Name, MetricType Type, string Help, Action<MetricsText, ShownModel> Write)
{
    /// <summary>Which versions have it; the family is there when one does.</summary>
    public Func<ShownModel, bool> Applies { get; init; } = static _ => true;
}
