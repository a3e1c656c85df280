using System.CommandLine;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Echo;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Keeps a server's answers in a file that the echo command can serve.</summary>
internal static class RecordCommand
{
    public static Command Create()
    {
        var workload = new WorkloadOptions();
        var encodings = OptionChecks.Encodings(
            "--encodings", "json, binary, grpc, separated by commas", [WireEncoding.Json, WireEncoding.Binary, WireEncoding.Grpc]);
        var output = new Option<FileInfo>("--output") { Description = "The file to write", Required = true }.AcceptLegalFilePathsOnly();
        var command = new Command("record", "Asks a server once in each encoding, checks the answers and writes them to a file for echo");
        workload.AddServerAndModelTo(command);
        command.Add(encodings);
        command.Add(output);
        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            var recorded = await new Recorder(workload.Target(parsed), workload.Timeout(parsed))
                .RecordAsync(workload.Model(parsed), workload.Rows(parsed), parsed.GetRequiredValue(encodings), cancellation);
            recorded.Recording.Save(parsed.GetRequiredValue(output).FullName);
            return 0;
        }));
        return command;
    }
}
