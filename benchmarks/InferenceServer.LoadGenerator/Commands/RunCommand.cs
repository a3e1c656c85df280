using System.CommandLine;
using InferenceServer.Bench.Commands;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Echo;
using InferenceServer.LoadGenerator.Load;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Measures one point.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var workload = new WorkloadOptions();
        var encodings = OptionChecks.Encodings("--encoding", "json, binary or grpc", [WireEncoding.Json]);
        var connections = CheckedOption.Whole("--connections", "Connections, each with one request at a time", 8, 1, 10000);
        var command = new Command("run", "Measures a server at one point and prints one line; exit code 1 when any request failed");
        workload.AddTo(command);
        workload.AddSharedMemoryTo(command);
        command.Add(encodings);
        command.Add(connections);
        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            var clean = true;
            var shared = workload.SharedMemory(parsed);
            var target = workload.Target(parsed);
            var chosen = parsed.GetRequiredValue(encodings);
            var recorded = await new Recorder(target, workload.Timeout(parsed))
                .RecordAsync(workload.Model(parsed), workload.Rows(parsed), chosen, cancellation);
            foreach (var encoding in chosen)
            {
                var point = FixedPoint.Of(
                    encoding,
                    target,
                    parsed.GetRequiredValue(connections),
                    workload.WarmUp(parsed),
                    workload.Seconds(parsed),
                    workload.Timeout(parsed),
                    await recorded.PrepareAsync(encoding, target, workload.Timeout(parsed), workload.ExactAnswers(parsed), shared, cancellation),
                    workload.Threads(parsed));
                var result = await FixedPoint.RunAsync(point, cancellation);
                await Console.Out.WriteLineAsync($"{encoding}{(shared is null ? "" : " (shared memory)")} {point.Load}: {result} [{recorded.Check} of the first answer checked]");
                clean &= result is { Errors: 0, Requests: > 0 };
            }

            return clean ? 0 : 1;
        }));
        return command;
    }
}
