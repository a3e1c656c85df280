using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Runs;

/// <summary>
/// Measures all points of a plan. With several rounds each point comes once a round; with two servers both are measured one right after the other, and which is
/// first changes with the round, so that neither always runs on what the other has left behind.
/// </summary>
internal sealed class BenchRun(BenchPlan plan, IReadOnlyList<IReadOnlyList<Workload>> servers, IBenchProgress progress, TimeProvider clock)
{
    private readonly Dictionary<(int Encoding, double Amount), BenchPoint> _points = [];
    private readonly List<SweepResult> _sweeps = [];
    private int _number;

    /// <summary>Runs until the end or until it is ended early; what was measured until then is the result.</summary>
    /// <exception cref="BenchException">A server cannot be asked at all, and nothing was measured before.</exception>
    public async Task<BenchResult> RunAsync(CancellationToken cancellation)
    {
        var environment = BenchEnvironment.Here(clock);
        string? end = null;
        try
        {
            await (plan.Sweep is null ? RunRoundsAsync(cancellation) : RunSweepsAsync(plan.Sweep, cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The points that are there are told.
        }
        catch (BenchException e) when (_points.Count > 0)
        {
            end = $"ended early: {e.Message}";
        }

        var points = _points.OrderBy(static pair => pair.Key.Encoding).ThenBy(static pair => pair.Key.Amount).Select(static pair => pair.Value).ToList();
        IReadOnlyList<string> notes = [.. BenchNotes.Of(plan, points, servers), .. end is null ? (string[])[] : [end]];
        return new BenchResult(plan, points, _sweeps, notes, environment, cancellation.IsCancellationRequested || end is not null);
    }

    private async Task RunRoundsAsync(CancellationToken cancellation)
    {
        var count = plan.Rounds * plan.Encodings.Count * plan.Loads.Count * servers.Count;
        for (var round = 0; round < plan.Rounds; round++)
        {
            for (var encoding = 0; encoding < plan.Encodings.Count; encoding++)
            {
                foreach (var load in plan.Loads)
                {
                    await MeasureAsync(encoding, load, round, count, cancellation);
                    cancellation.ThrowIfCancellationRequested();
                }
            }
        }
    }

    private async Task RunSweepsAsync(SweepPlan sweep, CancellationToken cancellation)
    {
        for (var encoding = 0; encoding < plan.Encodings.Count; encoding++)
        {
            var steps = new List<SweepStep>();
            try
            {
                while (SweepPolicy.Next(sweep, steps) is { } amount)
                {
                    var point = await MeasureAsync(encoding, plan.Loads[0].WithAmount(amount), 0, null, cancellation);
                    cancellation.ThrowIfCancellationRequested();
                    steps.Add(StepOf(sweep, amount, point.Rounds[0][0]));
                }
            }
            finally
            {
                _sweeps.Add(new SweepResult(plan.Encodings[encoding], SweepPolicy.Knee(steps), sweep.TargetMs is null ? null : SweepPolicy.Largest(sweep, steps)));
            }
        }
    }

    private SweepStep StepOf(SweepPlan sweep, double amount, PointResult result) =>
        new(amount, result.RequestsPerSecond, result.Latency.Mean, result.Latency.At(plan.Percentile), result is { Errors: 0, Requests: > 0, IsDistorted: false }, sweep.IsWhole || result.KeepsUp);

    /// <summary>One point on each server.</summary>
    private async Task<BenchPoint> MeasureAsync(int encoding, LoadLevel load, int round, int? count, CancellationToken cancellation)
    {
        var results = new PointResult?[servers.Count];
        var warmUp = round == 0 ? plan.WarmUp : WarmUpPlan.Fixed(plan.WarmUp.Window);
        for (var turn = 0; turn < servers.Count; turn++)
        {
            var server = round % 2 == 0 ? turn : servers.Count - 1 - turn;
            var workload = servers[server][encoding];
            progress.Begin($"{workload.Encoding.Title()} {load}{(servers.Count > 1 ? $" {plan.ServerName(workload.Encoding, server)}" : "")}{(plan.Rounds > 1 ? $" round {round + 1}" : "")}", ++_number, count);
            results[server] = await new PointRunner(clock, workload.Statistics, progress).MeasureAsync(
                new LoadPoint(workload.Encoding, workload.Server, plan.Settings, load, warmUp, plan.Measure, workload.Requests), cancellation);
            progress.End(results[server]!);
        }

        var key = (encoding, load.Amount);
        var earlier = _points.TryGetValue(key, out var point) ? point.Rounds : [];
        return _points[key] = new BenchPoint(plan.Encodings[encoding], load, [.. earlier, [.. results.OfType<PointResult>()]]);
    }
}
