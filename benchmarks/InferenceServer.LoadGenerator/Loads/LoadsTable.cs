using System.Globalization;
using System.Text;
using InferenceServer.Bench.Comparing;

namespace InferenceServer.LoadGenerator.Loads;

/// <summary>Writes the rows as a markdown table. The ratio is the median of the rounds' own: what drifts on the machine hits both halves of a round.</summary>
internal static class LoadsTable
{
    public static string Markdown(IReadOnlyList<LoadsRow> rows)
    {
        var text = new StringBuilder("| model | load ms | load ms of the other | times as fast (lowest-highest) |\n|---|---:|---:|---:|\n");
        foreach (var row in rows)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| `{row.Model}` | {row.ServerMedian:0.0} | {row.OtherMedian:0.0} | {Median.Of(row.Ratios):0.00} ({row.Ratios.Min():0.00}-{row.Ratios.Max():0.00}) |\n");
        }

        return text.ToString();
    }
}
