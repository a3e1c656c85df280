using System.Globalization;
using System.Text;
using InferenceServer.Bench.Comparing;
using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Floors;

/// <summary>What was measured, round by round.</summary>
/// <param name="Plan">What was to be.</param>
/// <param name="Batch">The batch size at which the loop was fastest.</param>
/// <param name="Sizes">What it did at each size, requests a second.</param>
/// <param name="Server">What the server did, requests a second.</param>
/// <param name="Loop">What the loop did in the same round.</param>
/// <param name="Errors">How many requests failed.</param>
internal sealed record FloorResult(FloorPlan Plan, int Batch, IReadOnlyList<(int Batch, double Rate)> Sizes, IReadOnlyList<double> Server, IReadOnlyList<double> Loop, long Errors)
{
    /// <summary>A markdown table of one row.</summary>
    public string Markdown()
    {
        var ratios = Server.Zip(Loop, static (server, loop) => server / loop).ToList();
        var text = new StringBuilder("| model | encoding | connections | server req/s | loop req/s | at batches of | ratio (lowest-highest) |\n|---|---|---:|---:|---:|---:|---:|\n");
        text.Append(CultureInfo.InvariantCulture, $"| `{Plan.Model}` | {Plan.Encoding.Title()}{(Plan.SharedMemory is null ? "" : ", shared memory")} | {Plan.Connections} | {Median.Of(Server):0} | {Median.Of(Loop):0} | {Batch} | {Median.Of(ratios):0.00} ({ratios.Min():0.00}-{ratios.Max():0.00}) |\n");
        text.Append("\nThe loop alone by batch size, requests a second: ").AppendJoin(", ", Sizes.Select(static size => string.Create(CultureInfo.InvariantCulture, $"{size.Batch}: {size.Rate:0}"))).Append(".\n");
        if (Errors > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**{Errors} requests failed; these numbers are not to be used.**\n");
        }

        return text.ToString();
    }
}
