namespace InferenceServer.Bench.Load;

/// <summary>One window of the warm-up.</summary>
/// <param name="Completed">Answers within it.</param>
/// <param name="Failed">Requests without a good answer.</param>
/// <param name="RequestsPerSecond">Answers a second.</param>
/// <param name="LatencyMs">The percentile that is compared, in milliseconds.</param>
internal sealed record WindowFigures(long Completed, long Failed, double RequestsPerSecond, double LatencyMs);
