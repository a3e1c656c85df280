using System.Globalization;
using System.Text;
using InferenceServer.Bench.Comparing;
using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Growth;

/// <summary>Writes the points as a markdown table of medians.</summary>
internal static class GrowthTable
{
    public static string Markdown(IReadOnlyList<(GrowthPoint Point, IReadOnlyList<GrowthFigures> Rounds)> points)
    {
        var text = new StringBuilder()
            .Append("| asked | encoding | rows | connections | req/s (lowest-highest) | p50 ms | p99 ms | server CPU, us a request | waits for locks in 1000 requests | resident MB |\n")
            .Append("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach (var (point, rounds) in points)
        {
            double Of(Func<GrowthFigures, double> value) => Median.Of(rounds.Select(value));
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {point.Title} | {point.Encoding.Title()} | {point.Rows} | {point.Connections} | {Of(static one => one.Point.RequestsPerSecond):0} ({rounds.Min(static one => one.Point.RequestsPerSecond):0}-{rounds.Max(static one => one.Point.RequestsPerSecond):0}) ");
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {Of(static one => one.Point.P50):0.000} | {Of(static one => one.Point.P99):0.000} | {Of(static one => one.ProcessorTime):0.0} | {Of(static one => one.Contentions):0.00} | {Of(static one => one.Megabytes):0} |\n");
        }

        var errors = points.Sum(static one => one.Rounds.Sum(static round => round.Point.Errors));
        if (errors > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**{errors} requests failed; these numbers are not to be used.**\n");
        }

        return text.ToString();
    }
}
