using System.Globalization;
using System.Text;
using System.Xml.Linq;
using InferenceServer.Bench.Charts;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Output;

/// <summary>One page with charts and tables, which needs nothing from elsewhere. It is well-formed XML, so whatever came from a server is a text in it and nothing else.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark; --text: #1a1a1a; --page: #ffffff; --faint: #d8d8d8; --strong: #707070;
          --c0: #1f6fb4; --c1: #c2410c; --c2: #15803d; --c3: #7c3aed; --c4: #b4235a; --c5: #8a6d00; --c6: #0e7490; --c7: #57534e; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6e6e6; --page: #161616; --faint: #3a3a3a; --strong: #9a9a9a;
          --c0: #6fb3f2; --c1: #fb923c; --c2: #4ade80; --c3: #b79bff; --c4: #f47ba4; --c5: #e6c453; --c6: #4fd1e0; --c7: #c4beb8; } }
        body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; } svg { width: 100%; height: auto; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
        th, td { padding: .2rem .6rem; border-bottom: 1px solid var(--faint); text-align: right; white-space: nowrap; } th.name, td.name { text-align: left; }
        .legend span { margin-right: 1.2rem; white-space: nowrap; } .legend i { display: inline-block; width: 1.4rem; margin-right: .4rem; vertical-align: middle; border-top: 2px solid; }
        .legend i.dashed { border-top-style: dashed; } .label { fill: var(--text); font-size: 12px; } .grid { stroke: var(--faint); } .axis { stroke: var(--strong); }
        polyline { fill: none; stroke: currentColor; stroke-width: 1.8; } circle { fill: currentColor; }
        .c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); } .c7 { color: var(--c7); }
        """;

    private static readonly XNamespace s_html = "http://www.w3.org/1999/xhtml";

    public static byte[] Of(BenchResult result)
    {
        var title = $"bench of {result.Plan.Model}";
        var page = Element(
            "html",
            new XAttribute("lang", "en"),
            Element(
                "head",
                Element("meta", new XAttribute("charset", "utf-8")),
                Element("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
                Element("title", Clean(title)),
                Element("style", Style)),
            Element("body", Element("h1", Clean(title)), Element("p", Clean(About(result))), Remarks(result), ResultCharts.Of(result).Select(ChartOf), ResultTables.Of(result).Select(TableOf)));
        return Encoding.UTF8.GetBytes("<!DOCTYPE html>\n" + page.ToString(SaveOptions.DisableFormatting) + "\n");
    }

    private static XElement Element(string name, params object?[] content) => new(s_html + name, content);

    private static string About(BenchResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{ResultText.Heading(result).Replace("`", "", StringComparison.Ordinal)} Measured on {result.Environment.StartedAt:yyyy-MM-dd HH:mm} UTC by a client with {result.Environment.Processors} processors ({result.Environment.System}, {result.Environment.Architecture}, {result.Environment.Runtime}).");

    private static IEnumerable<XElement> Remarks(BenchResult result)
    {
        foreach (var sweep in result.Sweeps)
        {
            yield return Element("p", Clean(SweepText.Of(result.Plan, sweep)));
        }

        if (result.Notes.Count > 0)
        {
            yield return Element("ul", result.Notes.Select(static note => Element("li", Clean(note))));
        }

        if (result.IsCutShort)
        {
            yield return Element("p", "The run was ended early; this is what was measured until then.");
        }
    }

    private static IEnumerable<XElement> ChartOf(Chart chart) =>
    [
        Element("h2", Clean(chart.Title)),
        Element("p", Clean(chart.Help)),
        chart.Draw(),
        Element("p", new XAttribute("class", "legend"), chart.Series.Select(static one => Element(
            "span", Element("i", new XAttribute("class", $"c{one.Colour % SvgChart.Colours}{(one.IsDashed ? " dashed" : "")}"), ""), Clean(one.Name)))),
    ];

    private static IEnumerable<XElement> TableOf(FigureTable table) =>
    [
        Element("h2", Clean(table.Title)),
        Element("div", new XAttribute("class", "scroll"), Element(
            "table",
            Element("thead", Element("tr", table.Heads.Select((head, column) => Cell("th", head, column < table.TextColumns)))),
            Element("tbody", table.Rows.Select(row => Element("tr", row.Select((cell, column) => Cell("td", cell, column < table.TextColumns))))))),
    ];

    private static XElement Cell(string kind, string text, bool isName) => Element(kind, isName ? new XAttribute("class", "name") : null, Clean(text));

    /// <summary>Without what XML cannot carry in any way.</summary>
    private static string Clean(string text) => string.Concat(text.Where(static c => System.Xml.XmlConvert.IsXmlChar(c)));
}
