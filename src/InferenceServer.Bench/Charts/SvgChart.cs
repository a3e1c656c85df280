using System.Globalization;
using System.Xml.Linq;

namespace InferenceServer.Bench.Charts;

/// <summary>Lines in a frame of two axes, as an SVG element. Its colours come from the page: classes c0 to c7, and grid, axis and text.</summary>
internal static class SvgChart
{
    public const int Colours = 8;

    private const double Width = 760;
    private const double Height = 340;
    private const double Left = 70;
    private const double Right = 34;
    private const double Top = 14;
    private const double Bottom = 52;

    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    public static XElement Draw(string title, ChartAxis x, ChartAxis y, IReadOnlyList<ChartSeries> series)
    {
        var chart = new XElement(s_svg + "svg", new XAttribute("viewBox", $"0 0 {N(Width)} {N(Height)}"), new XAttribute("role", "img"), new XElement(s_svg + "title", title));
        chart.Add(x.Ticks.Select(tick => VerticalTick(XOf(x, tick.Value), tick.Text)));
        chart.Add(y.Ticks.Select(tick => HorizontalTick(YOf(y, tick.Value), tick.Text)));
        chart.Add(Text((Left + Width - Right) / 2, Height - 8, x.Title, "middle"));
        chart.Add(new XElement(
            s_svg + "text",
            new XAttribute("class", "label"),
            new XAttribute("text-anchor", "middle"),
            new XAttribute("transform", $"translate(16 {N((Top + Height - Bottom) / 2)}) rotate(-90)"),
            y.Title));
        chart.Add(Line(Left, Height - Bottom, Width - Right, Height - Bottom, "axis"), Line(Left, Top, Left, Height - Bottom, "axis"));
        chart.Add(series.Select(one => Lines(x, y, one)));
        return chart;
    }

    private static XElement Lines(ChartAxis x, ChartAxis y, ChartSeries series)
    {
        var group = new XElement(s_svg + "g", new XAttribute("class", $"c{series.Colour % Colours}"));
        var line = new XElement(
            s_svg + "polyline",
            new XAttribute("points", string.Join(' ', series.Points.Select(point => $"{N(XOf(x, point.X))},{N(YOf(y, point.Y))}"))));
        if (series.IsDashed)
        {
            line.Add(new XAttribute("stroke-dasharray", "5 4"));
        }

        group.Add(line);
        group.Add(series.Points.Where(static point => point.Label is not null).Select(point => new XElement(
            s_svg + "circle",
            new XAttribute("cx", N(XOf(x, point.X))),
            new XAttribute("cy", N(YOf(y, point.Y))),
            new XAttribute("r", "3"),
            new XElement(s_svg + "title", $"{series.Name}: {point.Label}"))));
        return group;
    }

    private static IEnumerable<XElement> VerticalTick(double x, string text) =>
        [Line(x, Top, x, Height - Bottom, "grid"), Text(x, Height - Bottom + 18, text, "middle")];

    private static IEnumerable<XElement> HorizontalTick(double y, string text) =>
        [Line(Left, y, Width - Right, y, "grid"), Text(Left - 8, y + 4, text, "end")];

    private static XElement Line(double x1, double y1, double x2, double y2, string kind) => new(
        s_svg + "line", new XAttribute("class", kind), new XAttribute("x1", N(x1)), new XAttribute("y1", N(y1)), new XAttribute("x2", N(x2)), new XAttribute("y2", N(y2)));

    private static XElement Text(double x, double y, string text, string anchor) =>
        new(s_svg + "text", new XAttribute("class", "label"), new XAttribute("x", N(x)), new XAttribute("y", N(y)), new XAttribute("text-anchor", anchor), text);

    private static double XOf(ChartAxis axis, double value) => Left + (axis.Position(value) * (Width - Left - Right));

    private static double YOf(ChartAxis axis, double value) => Height - Bottom - (axis.Position(value) * (Height - Top - Bottom));

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
