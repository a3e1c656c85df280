using System.CommandLine;
using InferenceServer.Bench;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Growth;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Measures what a request costs a server while connections, models or rows become more.</summary>
internal static class GrowthCommand
{
    public static Command Create()
    {
        var workload = new WorkloadOptions();
        var models = OptionChecks.Names("--models", "The models to ask, separated by commas");
        var together = new Option<bool>("--together") { Description = "Ask the models in turn, as one load, and not each by itself" };
        var metrics = OptionChecks.Address("--metrics", "Where the server has its metrics", 8002);
        var encodings = OptionChecks.Encodings("--encodings", "json, binary, grpc, separated by commas", [WireEncoding.Binary]);
        var connections = CheckedOption.WholeList("--connections", "Numbers of connections from 1 to 10000", [1, 8, 32], 1, 10000);
        var sizes = CheckedOption.WholeList("--rows", "Sizes of a leading free dimension of every input", [1], 1, 65536);
        var rounds = CheckedOption.Whole("--rounds", "Rounds the medians are taken over", 5, 1, 1000);
        var command = new Command("growth", "Measures what a request costs a running server while something grows, by its own counters, in rounds whose order changes, and prints a table");
        workload.AddAddressesTo(command);
        workload.AddTimesTo(command);
        foreach (var option in (Option[])[models, together, metrics, encodings, connections, sizes, rounds])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            var plan = new GrowthPlan(
                parsed.GetRequiredValue(models),
                parsed.GetValue(together),
                parsed.GetRequiredValue(encodings),
                parsed.GetRequiredValue(connections),
                parsed.GetRequiredValue(sizes),
                workload.Threads(parsed),
                parsed.GetRequiredValue(rounds),
                workload.WarmUp(parsed),
                workload.Seconds(parsed),
                workload.Timeout(parsed));
            using var client = new HttpClient { Timeout = workload.Timeout(parsed) };
            var counters = new ProcessCounters(client, new Uri($"http://{parsed.GetRequiredValue(metrics)}/metrics"));
            try
            {
                var points = await new GrowthMeasurement(plan, workload.Target(parsed), counters, Console.Error).RunAsync(cancellation);
                await Console.Out.WriteAsync(GrowthTable.Markdown(points));
                return points.All(static one => one.Rounds.All(static round => round.Point.Errors == 0)) ? 0 : 1;
            }
            catch (HttpRequestException e)
            {
                throw new BenchException($"the metrics at {parsed.GetRequiredValue(metrics)} cannot be read: {e.Message}", e);
            }
        }));
        return command;
    }
}
