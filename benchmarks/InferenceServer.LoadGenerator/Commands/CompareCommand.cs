using System.CommandLine;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Comparing;
using InferenceServer.LoadGenerator.Echo;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Measures a running server against the echo endpoint.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var workload = new WorkloadOptions();
        var encodings = OptionChecks.Encodings(
            "--encodings", "json, binary, grpc, separated by commas", [WireEncoding.Json, WireEncoding.Binary, WireEncoding.Grpc]);
        var connections = CheckedOption.WholeList("--connections", "Numbers of connections from 1 to 10000", [1, 8, 32], 1, 10000);
        var rpcEcho = OptionChecks.RpcEchoKind();
        var rounds = CheckedOption.Whole("--rounds", "Rounds the medians are taken over", 5, 1, 1000);
        var settle = CheckedOption.Seconds("--settle", "Discarded load on each side in each encoding before the first round", 5, 0, 600);
        var output = new Option<FileInfo?>("--output") { Description = "A file for the report; it is printed in any case" }.AcceptLegalFilePathsOnly();
        output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<FileInfo?>() is { } file && file.Directory is not { Exists: true })
            {
                result.AddError($"--output: the folder of '{file}' does not exist");
            }
        });
        var command = new Command("compare", "Measures a running server and a bare endpoint that gives the same answers, in turns, and prints a table");
        workload.AddTo(command);
        foreach (var option in (Option[])[encodings, connections, rpcEcho, rounds, settle, output])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            var plan = new ComparisonPlan(
                workload.Model(parsed),
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
                RpcEcho = parsed.GetRequiredValue(rpcEcho),
                Threads = workload.Threads(parsed),
            };
            return await CompareAsync(plan, workload.Target(parsed), parsed.GetValue(output), cancellation);
        }));
        return command;
    }

    private static async Task<int> CompareAsync(ComparisonPlan plan, LoadTarget server, FileInfo? output, CancellationToken cancellation)
    {
        var workload = await new Recorder(server, plan.Timeout).RecordAsync(plan.Model, plan.Rows, plan.Encodings, cancellation);
        await using var child = await EchoChild.StartAsync(workload.Recording, plan.RpcEcho, cancellation);
        var echo = LoadTarget.Of(child.Http, child.Grpc);
        await Console.Error.WriteLineAsync($"server {server.Http} and {server.Grpc}, echo {echo.Http} and {echo.Grpc}, about {plan.Duration.TotalMinutes:0.0} minutes");
        var rows = await new Comparison(plan, workload, server, echo, Console.Error).RunAsync(cancellation);
        var report = ComparisonReport.Markdown(plan, workload, server, rows);
        await Console.Out.WriteLineAsync(report);
        if (output is not null)
        {
            await File.WriteAllTextAsync(output.FullName, report, cancellation);
        }

        return rows.All(row => row.Errors == 0) ? 0 : 1;
    }
}
