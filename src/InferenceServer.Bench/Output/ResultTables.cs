using System.Globalization;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Output;

/// <summary>The tables of a result. With several rounds figures are medians; where there are none, as of a server's own, they are of the round with the median throughput.</summary>
internal static class ResultTables
{
    /// <summary>Those that have something to show.</summary>
    public static IEnumerable<FigureTable> Of(BenchResult result) =>
        ((IEnumerable<FigureTable>)[ClientTable(result), StreamTable(result), ServerTable(result), RatioTable(result)]).Where(static table => table.Rows.Count > 0);

    private static IEnumerable<(BenchPoint Point, int Server, string[] Names)> Lines(BenchResult result) =>
        from point in result.Points
        from server in Enumerable.Range(0, point.Servers)
        let name = result.Plan.ServerName(point.Encoding, server)
        select (point, server, name.Length == 0 ? (string[])[point.Encoding.Title(), point.Load.ToString()] : [point.Encoding.Title(), point.Load.ToString(), name]);

    private static string[] Heads(BenchResult result, params string[] others) =>
        result.Plan.Servers.Count == 1 ? ["encoding", "load", .. others] : ["encoding", "load", "server", .. others];

    private static FigureTable ClientTable(BenchResult result)
    {
        var table = new FigureTable("What the client saw, latencies in ms", result.Plan.Servers.Count == 1 ? 2 : 3,
            Heads(result, ["req/s", "inf/s", "mean", .. result.Plan.Percentiles.Select(Figures.Percentile), "max", "errors", "late", "MB/s out", "MB/s in", "CPU us/req"]));
        foreach (var (point, server, names) in Lines(result))
        {
            string Ms(Func<PointResult, double> value) => Figures.Ms(point.Median(server, value));
            table.Add([
                .. names,
                Figures.Rate(point.Median(server, static one => one.RequestsPerSecond)),
                Figures.Rate(point.Median(server, static one => one.InferencesPerSecond)),
                Ms(static one => one.Latency.Mean),
                .. result.Plan.Percentiles.Select(percentile => Ms(one => one.Latency.At(percentile))),
                Ms(static one => one.Max),
                Figures.Whole(point.Of(server).Sum(static one => one.Errors)),
                point.Load.Rate is null ? "-" : Figures.Whole(point.Of(server).Sum(static one => one.Late)),
                Figures.Megabytes(point.Median(server, static one => one.SentBytesPerSecond)),
                Figures.Megabytes(point.Median(server, static one => one.ReceivedBytesPerSecond)),
                point.Median(server, static one => one.ClientCpuMicrosecondsPerRequest).ToString("0.0", CultureInfo.InvariantCulture),
            ]);
        }

        return table;
    }

    private static FigureTable StreamTable(BenchResult result)
    {
        var table = new FigureTable("Responses to the requests of streams, times in ms", result.Plan.Servers.Count == 1 ? 2 : 3, Heads(result, "responses/request", "first p50", "first p99", "between p50", "between p99"));
        foreach (var (point, server, names) in Lines(result).Where(static line => line.Point.Typical(line.Server).FirstResponse is not null))
        {
            var typical = point.Typical(server);
            table.Add([
                .. names,
                typical.ResponsesPerRequest.ToString("0.##", CultureInfo.InvariantCulture),
                Figures.Ms(typical.FirstResponse!.At(50)),
                Figures.Ms(typical.FirstResponse.At(99)),
                typical.Gap is null ? "-" : Figures.Ms(typical.Gap.At(50)),
                typical.Gap is null ? "-" : Figures.Ms(typical.Gap.At(99)),
            ]);
        }

        return table;
    }

    private static FigureTable ServerTable(BenchResult result)
    {
        var table = new FigureTable("What the server says of itself, means of a request in ms", result.Plan.Servers.Count == 1 ? 2 : 3,
            Heads(result, "client mean", "server", "queue", "input", "infer", "output", "network+client", "executions", "rows/execution"));
        foreach (var (point, server, names) in Lines(result).Where(static line => line.Point.Typical(line.Server).Server is not null))
        {
            var typical = point.Typical(server);
            var figures = typical.Server!;
            table.Add([
                .. names,
                Figures.Ms(typical.Latency.Mean),
                Figures.Ms(figures.Request),
                Figures.Ms(figures.Queue),
                Figures.Ms(figures.Input),
                Figures.Ms(figures.Infer),
                Figures.Ms(figures.Output),
                Figures.Ms(Math.Max(0, typical.Latency.Mean - figures.Request)),
                Figures.Whole(figures.Executions),
                figures.MeanBatch.ToString("0.00", CultureInfo.InvariantCulture),
            ]);
        }

        return table;
    }

    private static FigureTable RatioTable(BenchResult result)
    {
        var table = new FigureTable("The first server divided by the second, medians of the rounds' own ratios (lowest-highest)", 2, "encoding", "load", "req/s", "p50", Figures.Percentile(result.Plan.Percentile), "mean");
        foreach (var point in result.Points.Where(static point => point.Rounds.Any(static round => round.Count == 2)))
        {
            table.Add(
                point.Encoding.Title(),
                point.Load.ToString(),
                point.Ratio(static one => one.RequestsPerSecond)?.ToString() ?? "-",
                point.Ratio(static one => one.P50)?.ToString() ?? "-",
                point.Ratio(one => one.Latency.At(result.Plan.Percentile))?.ToString() ?? "-",
                point.Ratio(static one => one.Latency.Mean)?.ToString() ?? "-");
        }

        return table;
    }
}
