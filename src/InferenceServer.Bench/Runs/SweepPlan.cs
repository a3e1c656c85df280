namespace InferenceServer.Bench.Runs;

/// <summary>How a sweep looks for the load that is too much.</summary>
/// <param name="Start">The first load: connections, or requests a second.</param>
/// <param name="Highest">The largest load that is tried.</param>
/// <param name="IsWhole">Whether loads are whole numbers.</param>
/// <param name="TargetMs">The latency that the percentile must not exceed, in milliseconds; null without a target.</param>
/// <param name="MaxSteps">How many loads may be measured.</param>
internal sealed record SweepPlan(double Start, double Highest, bool IsWhole, double? TargetMs, int MaxSteps);
