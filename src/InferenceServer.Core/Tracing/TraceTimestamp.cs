namespace InferenceServer.Core.Tracing;

/// <summary>When a request passed a place.</summary>
/// <param name="Activity">The place.</param>
/// <param name="Timestamp">The time, as a timestamp of the time provider.</param>
internal readonly record struct TraceTimestamp(TraceActivity Activity, long Timestamp);
