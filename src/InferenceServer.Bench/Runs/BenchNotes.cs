using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Runs;

/// <summary>What stands in the way of taking numbers for what they look like.</summary>
internal static class BenchNotes
{
    public static IReadOnlyList<string> Of(BenchPlan plan, IReadOnlyList<BenchPoint> points, IReadOnlyList<IReadOnlyList<Workload>> servers)
    {
        var found = new List<(string Note, string Of)>();
        foreach (var point in points)
        {
            for (var server = 0; server < point.Servers; server++)
            {
                var name = $"{point.Encoding.Title()} {point.Load}{(servers.Count > 1 ? $" of {plan.ServerName(point.Encoding, server)}" : "")}";
                found.AddRange(Of(plan, point, [.. point.Of(server)]).Select(note => (note, name)));
            }
        }

        // What is true of many points is said once.
        var notes = found.GroupBy(static one => one.Note, StringComparer.Ordinal).Select(static same => $"{string.Join(", ", same.Select(static one => one.Of))}: {same.Key}").ToList();
        notes.AddRange(servers.SelectMany(static one => one).Where(static workload => workload.Statistics.Problem is not null)
            .Select(static workload => $"{workload.Server} gives no statistics of the model ({workload.Statistics.Problem}), so there are no figures of its own."));
        return [.. notes.Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Of(BenchPlan plan, BenchPoint point, IReadOnlyList<PointResult> results)
    {
        if (results.Any(static one => one.IsStable == false))
        {
            yield return FormattableString.Invariant($"not stable after {plan.WarmUp.MaxWindows} windows of {plan.WarmUp.Window.TotalSeconds:0.##} s: throughput or p{plan.Percentile:0.###} of the last {WarmUpPlan.ComparedWindows} lie more than {plan.WarmUp.Tolerance:0.##%} from their mean.");
        }

        if (results.Any(static one => one.IsDistorted))
        {
            yield return $"the load was not the one asked for: {results.Sum(static one => one.Starved)} requests were sent more than 1 ms after they were due, as all {point.Load.MaxConnections} connections were busy (--max-connections). Their latencies count from when they were due.";
        }

        if (results.Any(static one => one.IsBehind))
        {
            yield return $"the client did not keep up: it sent {results.Sum(static one => one.Late - one.Starved)} requests more than 1 ms after they were due although connections were free. Their latencies count from when they were due.";
        }

        if (results.Any(static one => one.IsClientBusy))
        {
            yield return FormattableString.Invariant($"the client took {results.Max(static one => one.ClientCpuShare):0%} of all processors; it may be what limits.");
        }

        if (results.Sum(static one => one.Reconnects) is > 0 and var reconnects && results.All(static one => one.Errors == 0))
        {
            yield return $"the server closed {reconnects} connections behind its answers; opening them anew is a part of the latencies.";
        }

        if (results.Any(static one => one.IsCutShort))
        {
            yield return "ended before its time.";
        }

        foreach (var error in Merge(results.SelectMany(static one => one.ErrorKinds)))
        {
            yield return $"failed: {error}.";
        }

        foreach (var error in Merge(results.SelectMany(static one => one.WarmUpErrorKinds)))
        {
            yield return $"failed in the warm-up: {error}.";
        }
    }

    private static IEnumerable<ErrorCount> Merge(IEnumerable<ErrorCount> errors) =>
        errors.GroupBy(static error => error.Kind, StringComparer.Ordinal).Select(static same => same.First() with { Count = same.Sum(static error => error.Count) });
}
