using System.Globalization;
using System.Text;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Commands;
using InferenceServer.LoadGenerator.Echo;

namespace InferenceServer.LoadGenerator.Comparing;

/// <summary>Writes the rows as a markdown table.</summary>
internal static class ComparisonTable
{
    public static string Markdown(IReadOnlyList<ComparisonRow> rows, RpcEcho rpcEcho)
    {
        var text = new StringBuilder()
            .Append("| encoding | connections | server req/s | echo req/s | ratio (lowest-highest) | server p50 / p99 ms | echo p50 / p99 ms |\n")
            .Append("|---|---:|---:|---:|---:|---:|---:|\n");
        foreach (var row in rows)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {Title(row.Encoding, rpcEcho)} | {row.Connections} | {row.Server(r => r.RequestsPerSecond):0} | {row.Echo(r => r.RequestsPerSecond):0} ");
            text.Append(CultureInfo.InvariantCulture, $"| {row.Ratio:0.00} ({row.LowestRatio:0.00}-{row.HighestRatio:0.00}) ");
            text.Append(CultureInfo.InvariantCulture, $"| {row.Server(r => r.P50):0.000} / {row.Server(r => r.P99):0.000} ");
            text.Append(CultureInfo.InvariantCulture, $"| {row.Echo(r => r.P50):0.000} / {row.Echo(r => r.P99):0.000} |\n");
        }

        var errors = rows.Sum(r => r.Errors);
        if (errors > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**{errors} requests failed; these numbers are not to be used.**\n");
        }

        return text.ToString();
    }

    /// <summary>An echo of gRPC that does more is a lower ceiling: each row says which it was.</summary>
    private static string Title(WireEncoding encoding, RpcEcho rpcEcho) =>
        encoding == WireEncoding.Grpc ? $"{encoding.Title()} ({OptionChecks.NameOf(rpcEcho)} echo)" : encoding.Title();
}
