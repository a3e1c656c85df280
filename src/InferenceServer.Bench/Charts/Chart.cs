using System.Xml.Linq;

namespace InferenceServer.Bench.Charts;

/// <summary>A chart with what is said of it.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Help">How it is read.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical one.</param>
/// <param name="Series">The lines.</param>
internal sealed record Chart(string Title, string Help, ChartAxis X, ChartAxis Y, IReadOnlyList<ChartSeries> Series)
{
    public XElement Draw() => SvgChart.Draw(Title, X, Y, Series);
}
