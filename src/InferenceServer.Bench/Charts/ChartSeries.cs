namespace InferenceServer.Bench.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it is, for the legend.</param>
/// <param name="Points">Its points in their order, in the units of the axes.</param>
/// <param name="Colour">Which colour it has, from 0.</param>
/// <param name="IsDashed">Whether the line is broken.</param>
internal sealed record ChartSeries(string Name, IReadOnlyList<ChartPoint> Points, int Colour, bool IsDashed = false);
