using System.Globalization;
using System.Text;
using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Pairs;

/// <summary>Writes the rows as a markdown table. Ratios and differences are the medians of the rounds' own: what drifts on the machine hits both halves of a round.</summary>
internal static class PairTable
{
    public static string Markdown(string suffix, IReadOnlyList<PairRow> rows)
    {
        var twin = suffix.Length > 0 ? $"`{suffix}`" : "the other";
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"| model | encoding | connections | req/s | req/s of {twin} | ratio (lowest-highest) | p50 ms | p50 ms of {twin} | difference µs (lowest-highest) |\n")
            .Append("|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach (var row in rows)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{row.Model}` | {row.Encoding.Title()} | {row.Connections} | {row.OfModel(static one => one.RequestsPerSecond):0} | {row.OfTwin(static one => one.RequestsPerSecond):0} ");
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {row.Median(static round => round.Ratio):0.00} ({row.Rounds.Min(static round => round.Ratio):0.00}-{row.Rounds.Max(static round => round.Ratio):0.00}) ");
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {row.OfModel(static one => one.P50):0.000} | {row.OfTwin(static one => one.P50):0.000} ");
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {row.Median(static round => round.MedianDifference):0} ({row.Rounds.Min(static round => round.MedianDifference):0}-{row.Rounds.Max(static round => round.MedianDifference):0}) |\n");
        }

        var errors = rows.Sum(static row => row.Errors);
        if (errors > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**{errors} requests failed; these numbers are not to be used.**\n");
        }

        return text.ToString();
    }
}
