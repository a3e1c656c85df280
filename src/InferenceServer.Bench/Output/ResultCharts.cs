using InferenceServer.Bench.Charts;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Output;

/// <summary>The charts of a result.</summary>
internal static class ResultCharts
{
    private static readonly double[] s_percentiles = [50, 90, 95, 99, 99.9, 100];

    public static IEnumerable<Chart> Of(BenchResult result)
    {
        if (result.Points.Count == 0)
        {
            yield break;
        }

        yield return Throughput(result);
        foreach (var (name, server, points) in Groups(result))
        {
            yield return Percentiles(name, server, points);
            yield return Distribution(name, server, points);
        }
    }

    /// <summary>The points of one encoding on one server.</summary>
    private static IEnumerable<(string Name, int Server, IReadOnlyList<BenchPoint> Points)> Groups(BenchResult result) =>
        from same in result.Points.GroupBy(static point => point.Encoding)
        from server in Enumerable.Range(0, result.Plan.Servers.Count)
        let points = same.Where(point => point.Servers > server).ToList()
        where points.Count > 0
        let title = result.Plan.ServerName(same.Key, server)
        select ($"{same.Key.Title()}{(title.Length == 0 ? "" : $", {title}")}", server, (IReadOnlyList<BenchPoint>)points);

    private static Chart Throughput(BenchResult result)
    {
        var percentile = Figures.Percentile(result.Plan.Percentile);
        var series = new List<ChartSeries>();
        foreach (var (index, (name, server, points)) in Groups(result).Index())
        {
            series.Add(new ChartSeries($"{name}, {percentile}", [.. points.Select(point => At(point, server, one => one.Latency.At(result.Plan.Percentile)))], index));
            series.Add(new ChartSeries($"{name}, p50", [.. points.Select(point => At(point, server, static one => one.P50))], index, IsDashed: true));
        }

        return new Chart(
            "Throughput and latency",
            "Each mark is a load; further to the right is more answers, further up is longer waiting. A line that turns upwards has passed its knee.",
            ChartAxis.Linear("answers a second", [.. series.SelectMany(static one => one.Points).Select(static point => point.X)]),
            ChartAxis.Times("latency, ms", [.. series.SelectMany(static one => one.Points).Select(static point => point.Y)]),
            series);
    }

    private static ChartPoint At(BenchPoint point, int server, Func<PointResult, double> latency)
    {
        var (rate, time) = (point.Median(server, static one => one.RequestsPerSecond), point.Median(server, latency));
        return new ChartPoint(rate, time, $"{point.Load}: {Figures.Rate(rate)} req/s, {Figures.Ms(time)} ms");
    }

    private static Chart Percentiles(string name, int server, IReadOnlyList<BenchPoint> points)
    {
        var series = s_percentiles.Select((percentile, colour) => new ChartSeries(
            percentile == 100 ? "max" : Figures.Percentile(percentile),
            [.. points.Select((point, i) => point.Median(server, one => one.Latency.At(percentile)) is var time ? new ChartPoint(i, time, $"{point.Load}: {Figures.Ms(time)} ms") : default)],
            colour)).ToList();
        return new Chart(
            $"Latency by load: {name}",
            "How latencies grow with the load, from the median to the longest.",
            ChartAxis.Names("load", [.. points.Select(static point => point.Load.ToString())]),
            ChartAxis.Times("latency, ms", [.. series.SelectMany(static one => one.Points).Select(static point => point.Y)]),
            series);
    }

    private static Chart Distribution(string name, int server, IReadOnlyList<BenchPoint> points)
    {
        var series = points.Select((point, colour) => new ChartSeries(
            point.Load.ToString(),
            [.. point.Typical(server).Latency.Distribution().Where(static one => one.Percentile < 100).Select(static one => new ChartPoint(one.Percentile, one.Milliseconds, null))],
            colour,
            IsDashed: colour >= SvgChart.Colours)).ToList();
        return new Chart(
            $"Latency by percentile: {name}",
            "The part of the requests, in percent, that took no longer; each nine more takes the same space.",
            ChartAxis.Percentiles("percentile", series.SelectMany(static one => one.Points).Select(static point => point.X).DefaultIfEmpty(90).Max()),
            ChartAxis.Times("latency, ms", [.. series.SelectMany(static one => one.Points).Select(static point => point.Y)]),
            series);
    }
}
