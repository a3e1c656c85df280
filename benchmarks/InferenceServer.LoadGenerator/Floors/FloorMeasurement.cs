using InferenceServer.Bench.Addresses;
using InferenceServer.LoadGenerator.Echo;
using InferenceServer.LoadGenerator.Load;

namespace InferenceServer.LoadGenerator.Floors;

/// <summary>Measures a model in a running server and in a loop without one, in turns whose order changes, on the same processors.</summary>
/// <param name="plan">What is measured.</param>
/// <param name="server">Where the model is.</param>
/// <param name="progress">Where it is told how far it is.</param>
internal sealed class FloorMeasurement(FloorPlan plan, LoadTarget server, TextWriter progress)
{
    public async Task<FloorResult> RunAsync(CancellationToken cancellation)
    {
        var workload = await new Recorder(server, plan.Timeout).RecordAsync(plan.Model, plan.Rows, [plan.Encoding], cancellation);
        var sizes = plan.Batches.Select(batch => (Batch: batch, Rate: MeasureLoop(workload, batch))).ToList();
        var best = sizes.MaxBy(static size => size.Rate).Batch;
        List<double> rates = [];
        List<double> floors = [];
        var errors = 0L;
        using var loop = new BareLoop(plan.File, workload.Requests.Inputs, best);
        for (var round = 0; round < plan.Rounds; round++)
        {
            if (round % 2 == 1)
            {
                floors.Add(loop.Run(plan.WarmUp, plan.Measure));
            }

            var point = await FixedPoint.RunAsync(
                FixedPoint.Of(plan.Encoding, server, plan.Connections, plan.WarmUp, plan.Measure, plan.Timeout, workload.Requests, expected: null),
                cancellation);
            errors += point.Errors;
            rates.Add(point.RequestsPerSecond);
            if (round % 2 == 0)
            {
                floors.Add(loop.Run(plan.WarmUp, plan.Measure));
            }

            await progress.WriteLineAsync($"round {round + 1}/{plan.Rounds}: {point}; the loop {floors[^1]:0.0}");
        }

        return new FloorResult(plan, best, sizes, rates, floors, errors);
    }

    private double MeasureLoop(RecordedWorkload workload, int batch)
    {
        using var loop = new BareLoop(plan.File, workload.Requests.Inputs, batch);
        return loop.Run(plan.WarmUp, plan.Measure);
    }
}
