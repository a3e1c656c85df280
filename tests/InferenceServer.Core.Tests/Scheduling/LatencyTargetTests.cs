using System.Text.Json;
using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>
/// The policy that follows a latency target against every fixed setting of the other one, over cost curves that were recorded from models: it gets at least 95 of 100
/// requests done that the best of them does, and keeps the target where that does.
/// </summary>
public sealed class LatencyTargetTests
{
    private const double TicksAMicrosecond = 1000;

    private static readonly int[] s_sizes = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
    private static readonly double[] s_delays = [0, 0.1, 0.25, 0.5, 1, 2, 4];

    public static TheoryData<string, int> Curves()
    {
        var data = new TheoryData<string, int>();
        foreach (var name in ReadCurves().Keys)
        {
            data.Add(name, 3);
            data.Add(name, 8);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Policy_IsWithinATwentiethOfTheBestFixedSetting(string name, int targetInSingles)
    {
        var curve = ReadCurves()[name];
        var target = curve[1] * targetInSingles;
        var capacity = Enumerable.Range(1, curve.Length - 1).Max(rows => rows / curve[rows]);
        Load[] loads =
        [
            .. new[] { 1, 4, 8, 16, 48 }.Select(clients => new Load(clients, 0.05 * curve[1], 0)),
            .. new[] { 0.1, 0.4, 0.7, 0.9 }.Select(part => new Load(0, 0, part * capacity)),
        ];
        var failures = new List<string>();
        var compared = 0;
        foreach (var load in loads)
        {
            var duration = load.Clients > 0 ? 3000 * curve[1] : Math.Max(3000 * curve[1], 6000 / load.Rate);
            if (Best(curve, load, target, duration) is not { } best)
            {
                continue;
            }

            compared++;
            var costs = new ExecutionCosts();
            var policy = new LatencyTargetPolicy((long)target, curve.Length - 1, costs);
            var (throughput, p95) = new LaneSimulation(curve, load, seed: 1).Run(policy.Decide, policy, costs, duration);
            if (throughput < 0.95 * best || p95 > 1.05 * target)
            {
                failures.Add(FormattableString.Invariant($"{load}: {throughput / best:0.000} of the best, p95 {p95 / target:0.00} of the target"));
            }
        }

        Assert.True(compared >= 3, $"only {compared} loads can be served in time at all");
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    [Fact]
    public void Policy_WithoutAnyKnowledge_RunsWhatIsThere()
    {
        var policy = new LatencyTargetPolicy(1000, 8, new ExecutionCosts());
        Assert.Equal(BatchDecision.Run(1, ReleaseReason.LaneIdle), policy.Decide(new QueueHead { Rows = [1], OldestTimestamp = 5 }, 5));
        Assert.Equal(BatchDecision.Wait(BatchDecision.Never), policy.Decide(new QueueHead { Rows = [] }, 5));
    }

    [Fact]
    public void Policy_DoesNotWaitWhereNobodyComes()
    {
        var costs = new ExecutionCosts();
        for (var rows = 1; rows <= 8; rows++)
        {
            costs.Record(rows, 100);
        }

        var policy = new LatencyTargetPolicy(10_000, 8, costs);
        var now = 0L;
        for (var i = 0; i < 200; i++)
        {
            now += 5_000;
            policy.OnArrival(now);
            var decision = policy.Decide(new QueueHead { Rows = [1], OldestTimestamp = now }, now);
            if (i >= 50)
            {
                Assert.Equal(1, decision.Requests);
            }
        }
    }

    [Theory]
    [InlineData(true, ReleaseReason.Full)]
    [InlineData(false, ReleaseReason.Drain)]
    public void Policy_RunsAtOnceWhereCompanyCannotCome(bool isTooLarge, ReleaseReason reason)
    {
        var costs = new ExecutionCosts();
        costs.Record(1, 100);
        costs.Record(2, 100);
        var policy = new LatencyTargetPolicy(10_000, 8, costs);
        var head = new QueueHead { Rows = [1], OldestTimestamp = 0, IsNextTooLarge = isTooLarge, IsDraining = !isTooLarge };
        Assert.Equal(BatchDecision.Run(1, reason), policy.Decide(head, 0));
    }

    [Fact]
    public void Policy_NeverWaitsBeyondTheLatestStart()
    {
        var costs = new ExecutionCosts();
        costs.Record(1, 100);
        costs.Record(2, 100);
        var policy = new LatencyTargetPolicy(10_000, 8, costs);
        Assert.Equal(40, policy.Decide(new QueueHead { Rows = [1], OldestTimestamp = 0, LatestStartTimestamp = 40 }, 0).WaitUntil);
        Assert.Equal(1, policy.Decide(new QueueHead { Rows = [1], OldestTimestamp = 0, LatestStartTimestamp = 40 }, 40).Requests);
    }

    /// <summary>The most that any fixed setting gets done that keeps the target; null when none keeps it.</summary>
    private static double? Best(double[] curve, Load load, double target, double duration)
    {
        double? best = null;
        foreach (var size in s_sizes.Where(size => size < curve.Length))
        {
            foreach (var delay in s_delays.Select(delay => delay * curve[1]).Where(delay => delay <= target))
            {
                var limits = new BatchLimits(size, [size], (long)delay);
                var (throughput, p95) = new LaneSimulation(curve, load, seed: 1).Run(
                    (in QueueHead head, long now) => BatchPolicy.Decide(Cut(head, size), limits, now), null, new ExecutionCosts(), duration);
                if (p95 <= target && throughput > (best ?? 0))
                {
                    best = throughput;
                }
            }
        }

        return best;
    }

    private static QueueHead Cut(in QueueHead head, int size) => new()
    {
        Rows = head.Rows[..Math.Min(size, head.Rows.Length)],
        IsNextTooLarge = head.IsNextTooLarge || head.Rows.Length > size,
        OldestTimestamp = head.OldestTimestamp,
    };

    /// <summary>What executions of 0, 1, 2 and so on rows took, in nanoseconds.</summary>
    private static Dictionary<string, double[]> ReadCurves()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "cost-curves.json")));
        return document.RootElement.GetProperty("curves").EnumerateObject().ToDictionary(
            static curve => curve.Name,
            static curve => Expand([.. curve.Value.EnumerateObject().Select(static point => (int.Parse(point.Name, System.Globalization.CultureInfo.InvariantCulture), point.Value.GetDouble() * TicksAMicrosecond))]));
    }

    /// <summary>Between the sizes that were measured lies the line between them.</summary>
    private static double[] Expand((int Rows, double Cost)[] points)
    {
        var curve = new double[points[^1].Rows + 1];
        for (var i = 0; i < points.Length - 1; i++)
        {
            for (var rows = points[i].Rows; rows <= points[i + 1].Rows; rows++)
            {
                curve[rows] = points[i].Cost + ((points[i + 1].Cost - points[i].Cost) * (rows - points[i].Rows) / (points[i + 1].Rows - points[i].Rows));
            }
        }

        return curve;
    }
}
