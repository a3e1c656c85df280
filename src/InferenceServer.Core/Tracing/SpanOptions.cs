namespace InferenceServer.Core.Tracing;

/// <summary>What traced requests tell an OpenTelemetry collector.</summary>
/// <param name="HasPhases">False for one span a request; true for those of its model, its wait and its execution beneath it, and one for each batch.</param>
public sealed record SpanOptions(bool HasPhases)
{
    /// <summary>The source of all spans of the server.</summary>
    public const string SourceName = "InferenceServer";
}
