using System.CommandLine;
using InferenceServer.Bench.Commands;
using InferenceServer.LoadGenerator.Echo;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Serves recorded answers.</summary>
internal static class EchoCommand
{
    public static Command Create()
    {
        var recording = new Option<FileInfo>("--recording") { Description = "The file with the answers to give", Required = true }.AcceptExistingOnly();
        var httpPort = CheckedOption.Whole("--http-port", "Loopback port for HTTP; 0 takes a free one", 0, 0, 65535);
        var grpcPort = CheckedOption.Whole("--grpc-port", "Loopback port for gRPC; 0 takes a free one", 0, 0, 65535);
        var rpcEcho = OptionChecks.RpcEchoKind();
        var lifetime = CheckedOption.Seconds("--lifetime", "Longest time to serve", 4 * 3600, 1, 24 * 3600);
        var untilStdinEnds = new Option<bool>("--until-stdin-ends") { Description = "Stop when standard input is closed" };
        var command = new Command("echo", "Serves recorded answers from a bare endpoint, over HTTP and gRPC");
        foreach (var option in (Option[])[recording, httpPort, grpcPort, rpcEcho, lifetime, untilStdinEnds])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(parsed.GetRequiredValue(lifetime)));
            var answers = Recording.Load(parsed.GetRequiredValue(recording).FullName);
            await using var server = await EchoServer.StartAsync(
                answers, parsed.GetRequiredValue(rpcEcho), parsed.GetRequiredValue(httpPort), parsed.GetRequiredValue(grpcPort), limit.Token);
            await Console.Out.WriteLineAsync(new EchoAnnouncement(server.HttpAddress, server.GrpcAddress).ToString());
            await WaitForEndAsync(parsed.GetValue(untilStdinEnds), limit.Token);
            return 0;
        }));
        return command;
    }

    private static async Task WaitForEndAsync(bool untilStdinEnds, CancellationToken stop)
    {
        var stopped = Task.Delay(Timeout.Infinite, stop);

        // A console read blocks and does not listen to cancellation. On a thread of the pool it would take one of the few workers away
        // from the requests and visibly lower the throughput of the side that is meant to be the ceiling.
        var input = untilStdinEnds
            ? Task.Factory.StartNew(() => Console.In.ReadToEnd(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            : stopped;
        await Task.WhenAny(stopped, input);
    }
}
