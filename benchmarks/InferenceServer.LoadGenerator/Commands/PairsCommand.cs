using System.CommandLine;
using System.Globalization;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Pairs;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Measures models against others of the same server, or against the same in another server.</summary>
internal static class PairsCommand
{
    public static Command Create()
    {
        var workload = new WorkloadOptions();
        var models = OptionChecks.Names("--models", "The models to measure, separated by commas");
        var suffix = OptionChecks.Suffix("--suffix", "What the name of each one's twin has behind it; nothing, for the same model in another server", "_alone");
        var otherHttp = OptionChecks.Address("--other-http", "Where the server of the twins listens for HTTP, if it is another", 8000);
        var otherGrpc = OptionChecks.Address("--other-grpc", "Where the server of the twins listens for gRPC, if it is another", 8001);
        var encodings = OptionChecks.Encodings("--encodings", "json, binary, grpc, separated by commas", [WireEncoding.Binary]);
        var connections = CheckedOption.WholeList("--connections", "Numbers of connections from 1 to 10000", [1, 32], 1, 10000);
        var rounds = CheckedOption.Whole("--rounds", "Rounds the medians are taken over", 5, 1, 1000);
        var settle = CheckedOption.Seconds("--settle", "Discarded load on each model in each encoding before the first round", 2, 0, 600);
        var command = new Command("pairs", "Measures models against their twins in the same running server or in another one, in turns, and prints a table");
        workload.AddServerTo(command);
        workload.AddLoadTo(command);
        foreach (var option in (Option[])[models, suffix, otherHttp, otherGrpc, encodings, connections, rounds, settle])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => Failures.ReportAsync(() => RunAsync(
            new PairPlan(
                parsed.GetRequiredValue(models),
                parsed.GetRequiredValue(suffix),
                workload.Rows(parsed),
                parsed.GetRequiredValue(encodings),
                parsed.GetRequiredValue(connections),
                parsed.GetRequiredValue(rounds),
                TimeSpan.FromSeconds(parsed.GetRequiredValue(settle)),
                workload.WarmUp(parsed),
                workload.Seconds(parsed),
                workload.Timeout(parsed),
                workload.ExactAnswers(parsed))
            {
                Threads = workload.Threads(parsed),
            },
            workload.Target(parsed),
            new LoadTarget(
                parsed.GetResult(otherHttp) is { Implicit: false } ? ServerAddress.Of(parsed.GetRequiredValue(otherHttp)) : workload.Target(parsed).Http,
                parsed.GetResult(otherGrpc) is { Implicit: false } ? ServerAddress.Of(parsed.GetRequiredValue(otherGrpc)) : workload.Target(parsed).Grpc),
            cancellation)));
        return command;
    }

    private static async Task<int> RunAsync(PairPlan plan, LoadTarget server, LoadTarget other, CancellationToken cancellation)
    {
        await Console.Error.WriteLineAsync($"about {plan.Duration.TotalMinutes.ToString("0.0", CultureInfo.InvariantCulture)} minutes");
        var rows = await new PairMeasurement(plan, server, other, Console.Error).RunAsync(cancellation);
        await Console.Out.WriteAsync(PairTable.Markdown(plan.Suffix, rows));
        return rows.All(static row => row.Errors == 0) ? 0 : 1;
    }
}
