using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Echo;
using InferenceServer.LoadGenerator.Load;

namespace InferenceServer.LoadGenerator.Growth;

/// <summary>Measures what a request costs the server while something grows, in rounds whose order changes.</summary>
/// <param name="plan">What grows.</param>
/// <param name="server">The server.</param>
/// <param name="counters">Its counters.</param>
/// <param name="progress">Where it is told how far it is.</param>
internal sealed class GrowthMeasurement(GrowthPlan plan, LoadTarget server, ProcessCounters counters, TextWriter progress)
{
    public async Task<IReadOnlyList<(GrowthPoint Point, IReadOnlyList<GrowthFigures> Rounds)>> RunAsync(CancellationToken cancellation)
    {
        var points = new List<(GrowthPoint Point, RequestSet Requests, List<GrowthFigures> Rounds)>();
        foreach (var point in plan.Points)
        {
            points.Add((point, await PrepareAsync(point, cancellation), []));
        }

        for (var round = 0; round < plan.Rounds; round++)
        {
            foreach (var (point, requests, rounds) in round % 2 == 0 ? points : points.AsEnumerable().Reverse())
            {
                var load = FixedPoint.Of(point.Encoding, server, point.Connections, plan.WarmUp, plan.Measure, plan.Timeout, requests, plan.Threads);
                var result = await FixedPoint.RunAsync(load, new PointRunner(TimeProvider.System, counters), cancellation);
                var (before, after) = counters.Last;
                rounds.Add(new GrowthFigures(result, before, after));
                await progress.WriteLineAsync($"round {round + 1}/{plan.Rounds} {point.Title} {point.Encoding} rows {point.Rows} x{point.Connections}: {result}");
            }
        }

        return [.. points.Select(static one => (one.Point, (IReadOnlyList<GrowthFigures>)one.Rounds))];
    }

    private async Task<RequestSet> PrepareAsync(GrowthPoint point, CancellationToken cancellation)
    {
        var sent = new List<byte[]>();
        foreach (var model in point.Models)
        {
            var recorded = await new Recorder(server, plan.Timeout).RecordAsync(model, point.Rows, [point.Encoding], cancellation);
            sent.Add(recorded.Requests.For(point.Encoding, server));
        }

        return new RequestSet(sent, null, point.Rows);
    }
}
