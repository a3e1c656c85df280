namespace InferenceServer.Bench.Charts;

/// <summary>A point of a line.</summary>
/// <param name="X">Where it is on the horizontal axis.</param>
/// <param name="Y">Where it is on the vertical one.</param>
/// <param name="Label">What is said of it when it is pointed at; null for nothing, and then it has no mark either.</param>
internal readonly record struct ChartPoint(double X, double Y, string? Label);
