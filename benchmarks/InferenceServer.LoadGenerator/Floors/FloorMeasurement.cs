using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
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

        // How far answers of batches of different sizes may differ is the engine's affair.
        var requests = await workload.PrepareAsync(plan.Encoding, server, plan.Timeout, checksAnswers: false, plan.SharedMemory, cancellation);
        var sizes = plan.Batches.Select(batch => (Batch: batch, Rate: MeasureLoop(workload, batch))).ToList();
        var best = sizes.MaxBy(static size => size.Rate).Batch;
        if (plan.Settle > TimeSpan.Zero)
        {
            await progress.WriteLineAsync($"settling: {await RunPointAsync(requests, TimeSpan.Zero, plan.Settle, cancellation)}");
        }

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

            var point = await RunPointAsync(requests, plan.WarmUp, plan.Measure, cancellation);
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

    private Task<PointResult> RunPointAsync(RequestSet requests, TimeSpan warmUp, TimeSpan measure, CancellationToken cancellation) =>
        FixedPoint.RunAsync(FixedPoint.Of(plan.Encoding, server, plan.Connections, warmUp, measure, plan.Timeout, requests, threads: 0), cancellation);

    private double MeasureLoop(RecordedWorkload workload, int batch)
    {
        using var loop = new BareLoop(plan.File, workload.Requests.Inputs, batch);
        return loop.Run(plan.WarmUp, plan.Measure);
    }
}
