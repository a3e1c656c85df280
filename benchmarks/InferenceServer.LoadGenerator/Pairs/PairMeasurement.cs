using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Echo;
using InferenceServer.LoadGenerator.Load;

namespace InferenceServer.LoadGenerator.Pairs;

/// <summary>Measures models against their twins, in the same server or in another one, in interleaved rounds whose order changes.</summary>
/// <param name="plan">What is measured.</param>
/// <param name="server">Where the models are.</param>
/// <param name="other">Where their twins are.</param>
/// <param name="progress">Where it is told how far it is.</param>
internal sealed class PairMeasurement(PairPlan plan, LoadTarget server, LoadTarget other, TextWriter progress)
{
    public async Task<IReadOnlyList<PairRow>> RunAsync(CancellationToken cancellation)
    {
        var pairs = new List<(RecordedWorkload Model, RecordedWorkload Twin)>();
        foreach (var model in plan.Models)
        {
            pairs.Add(await RecordAsync(model, cancellation));
        }

        var rows = new Dictionary<(string, WireEncoding, int), List<PairRound>>();
        for (var round = 0; round < plan.Rounds; round++)
        {
            foreach (var (model, twin) in pairs)
            {
                foreach (var encoding in plan.Encodings)
                {
                    foreach (var connections in plan.Connections)
                    {
                        var result = await MeasureAsync(model, twin, encoding, connections, modelFirst: round % 2 == 0, cancellation);
                        rows.TryAdd((model.Requests.Model, encoding, connections), []);
                        rows[(model.Requests.Model, encoding, connections)].Add(result);
                        await progress.WriteLineAsync($"round {round + 1}/{plan.Rounds} {encoding} x{connections} {model.Requests.Model}: {result.Model}");
                        await progress.WriteLineAsync($"round {round + 1}/{plan.Rounds} {encoding} x{connections} {twin.Requests.Model}: {result.Twin}");
                    }
                }
            }
        }

        return [.. rows.Select(static row => new PairRow(row.Key.Item1, row.Key.Item2, row.Key.Item3, row.Value)).OrderBy(row => plan.Models.ToList().IndexOf(row.Model))];
    }

    /// <summary>Has both asked once in each encoding, and their answers compared; then runs them hot.</summary>
    private async Task<(RecordedWorkload Model, RecordedWorkload Twin)> RecordAsync(string name, CancellationToken cancellation)
    {
        var model = await new Recorder(server, plan.Timeout).RecordAsync(name, plan.Rows, plan.Encodings, cancellation);
        var twin = await new Recorder(other, plan.Timeout).RecordAsync(name + plan.Suffix, plan.Rows, plan.Encodings, cancellation);
        AnswerComparison.CheckEqual(model.FirstAnswer(plan.Encodings[0]), name, twin.FirstAnswer(plan.Encodings[0]), name + plan.Suffix);
        foreach (var encoding in plan.Settle > TimeSpan.Zero ? plan.Encodings : [])
        {
            await RunPointAsync(server, model, encoding, plan.Connections.Max(), TimeSpan.Zero, plan.Settle, cancellation);
            await RunPointAsync(other, twin, encoding, plan.Connections.Max(), TimeSpan.Zero, plan.Settle, cancellation);
        }

        return (model, twin);
    }

    private async Task<PairRound> MeasureAsync(RecordedWorkload model, RecordedWorkload twin, WireEncoding encoding, int connections, bool modelFirst, CancellationToken cancellation)
    {
        if (modelFirst)
        {
            var result = await RunPointAsync(server, model, encoding, connections, plan.WarmUp, plan.Measure, cancellation);
            return new PairRound(result, await RunPointAsync(other, twin, encoding, connections, plan.WarmUp, plan.Measure, cancellation));
        }

        var second = await RunPointAsync(other, twin, encoding, connections, plan.WarmUp, plan.Measure, cancellation);
        return new PairRound(await RunPointAsync(server, model, encoding, connections, plan.WarmUp, plan.Measure, cancellation), second);
    }

    private Task<PointResult> RunPointAsync(LoadTarget target, RecordedWorkload workload, WireEncoding encoding, int connections, TimeSpan warmUp, TimeSpan measure, CancellationToken cancellation) =>
        FixedPoint.RunAsync(
            FixedPoint.Of(encoding, target, connections, warmUp, measure, plan.Timeout, workload.Requests, plan.ExactAnswers ? workload.Expected(encoding) : null, plan.Threads),
            cancellation);
}
