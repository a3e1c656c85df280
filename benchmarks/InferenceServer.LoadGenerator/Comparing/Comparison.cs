using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Echo;
using InferenceServer.LoadGenerator.Load;

namespace InferenceServer.LoadGenerator.Comparing;

/// <summary>
/// Measures the server against the echo endpoint in interleaved rounds. Whatever drifts on the machine, heat or neighbours, hits both; and as
/// the order changes with every round, neither always runs on what the other has left behind.
/// </summary>
internal sealed class Comparison(ComparisonPlan plan, RecordedWorkload workload, LoadTarget server, LoadTarget echo, TextWriter progress)
{
    public async Task<IReadOnlyList<ComparisonRow>> RunAsync(CancellationToken cancellation)
    {
        await SettleAsync(cancellation);
        var pairs = new Dictionary<(WireEncoding, int), List<ComparedPair>>();
        for (var round = 0; round < plan.Rounds; round++)
        {
            foreach (var encoding in plan.Encodings)
            {
                foreach (var connections in plan.Connections)
                {
                    var pair = await MeasureAsync(encoding, connections, serverFirst: round % 2 == 0, cancellation);
                    pairs.TryAdd((encoding, connections), []);
                    pairs[(encoding, connections)].Add(pair);
                    await progress.WriteLineAsync($"round {round + 1}/{plan.Rounds} {encoding} x{connections} server: {pair.Server}");
                    await progress.WriteLineAsync($"round {round + 1}/{plan.Rounds} {encoding} x{connections} echo:   {pair.Echo}");
                }
            }
        }

        return [.. pairs.Select(p => new ComparisonRow(p.Key.Item1, p.Key.Item2, p.Value))];
    }

    private async Task<ComparedPair> MeasureAsync(WireEncoding encoding, int connections, bool serverFirst, CancellationToken cancellation)
    {
        if (serverFirst)
        {
            var result = await RunPointAsync(encoding, connections, server, cancellation);
            return new ComparedPair(result, await RunPointAsync(encoding, connections, echo, cancellation));
        }

        var floor = await RunPointAsync(encoding, connections, echo, cancellation);
        return new ComparedPair(await RunPointAsync(encoding, connections, server, cancellation), floor);
    }

    /// <summary>
    /// Runs every path hot on both sides before anything counts: the first seconds of a process measure its compiler, and that of the
    /// client as well.
    /// </summary>
    private async Task SettleAsync(CancellationToken cancellation)
    {
        if (plan.Settle == TimeSpan.Zero)
        {
            return;
        }

        foreach (var encoding in plan.Encodings)
        {
            foreach (var target in (LoadTarget[])[server, echo])
            {
                var result = await RunPointAsync(encoding, plan.Connections.Max(), target, TimeSpan.Zero, plan.Settle, cancellation);
                await progress.WriteLineAsync($"settling {encoding} {(target == server ? "server" : "echo")}: {result}");
            }
        }
    }

    private Task<PointResult> RunPointAsync(WireEncoding encoding, int connections, LoadTarget target, CancellationToken cancellation) =>
        RunPointAsync(encoding, connections, target, plan.WarmUp, plan.Measure, cancellation);

    private Task<PointResult> RunPointAsync(
        WireEncoding encoding, int connections, LoadTarget target, TimeSpan warmUp, TimeSpan measure, CancellationToken cancellation) =>
        FixedPoint.RunAsync(
            FixedPoint.Of(encoding, target, connections, warmUp, measure, plan.Timeout, workload.Requests, plan.ExactAnswers ? workload.Expected(encoding) : null, plan.Threads),
            cancellation);
}
