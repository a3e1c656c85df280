using System.CommandLine;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Floors;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Measures a model in a server against ONNX Runtime by hand.</summary>
internal static class FloorCommand
{
    public static Command Create()
    {
        var workload = new WorkloadOptions();
        var file = new Option<FileInfo>("--file") { Description = "The model's ONNX file, which the server has too", Required = true }.AcceptExistingOnly();
        var encoding = OptionChecks.Encodings("--encoding", "json, binary or grpc", [WireEncoding.Binary]);
        var connections = CheckedOption.Whole("--connections", "Connections, each with one request at a time", 32, 1, 1024);
        var batches = CheckedOption.WholeList("--batches", "The sizes of batches, in requests, of which the loop takes the best", [1, 2, 4, 8, 16, 32, 64], 1, 1024);
        var rounds = CheckedOption.Whole("--rounds", "Rounds the medians are taken over", 5, 1, 1000);
        var settle = CheckedOption.Seconds("--settle", "Discarded load on the server before the first round", 5, 0, 600);
        var command = new Command("floor", "Measures a model of a running server and in a bare loop of ONNX Runtime on the same processors, in turns, and prints a table");
        workload.AddTo(command);
        workload.AddSharedMemoryTo(command);
        foreach (var option in (Option[])[file, encoding, connections, batches, rounds, settle])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            var plan = new FloorPlan(
                workload.Model(parsed),
                parsed.GetRequiredValue(file).FullName,
                workload.Rows(parsed),
                parsed.GetRequiredValue(encoding)[0],
                parsed.GetRequiredValue(connections),
                parsed.GetRequiredValue(batches),
                parsed.GetRequiredValue(rounds),
                workload.WarmUp(parsed),
                workload.Seconds(parsed),
                workload.Timeout(parsed))
            {
                Settle = TimeSpan.FromSeconds(parsed.GetRequiredValue(settle)),
                SharedMemory = workload.SharedMemory(parsed),
            };
            var result = await new FloorMeasurement(plan, workload.Target(parsed), Console.Error).RunAsync(cancellation);
            await Console.Out.WriteAsync(result.Markdown());
            return result.Errors == 0 ? 0 : 1;
        }));
        return command;
    }
}
