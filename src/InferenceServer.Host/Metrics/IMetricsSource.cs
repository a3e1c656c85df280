namespace InferenceServer.Host.Metrics;

/// <summary>Families of metrics that are about one thing.</summary>
internal interface IMetricsSource
{
    /// <summary>What writes them, piece by piece: between two pieces what has been written may be sent. A family may take several pieces, which follow one another.</summary>
    IEnumerable<Action<MetricsText>> Sections();
}
