using System.Globalization;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>
/// Everything at once, over both protocols, at random, for as long as one likes: requests of all kinds, more of them than there is room for, clients that leave, read or write slowly or talk nonsense, models that fail, are
/// replaced and taken away. Whatever was sent was answered, refused or cancelled, and the server has counted the same; in the end it is as it was in the beginning.
/// </summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    // Of an exception with all that is inside it.
    private const int MostLinesOfOne = 60;

    [Fact]
    public async Task MixedLoadWithFaults_AddsUpAndLeavesNothingBehind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the memory of a process is read from /proc");
        using var repository = new TemporaryDirectory();
        using var traces = new TemporaryDirectory();
        SoakRepository.Write(repository);
        using var server = ServerProcess.Start(
            new Dictionary<string, string>(),
            new SoakLog().Keeps,
            "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--log-format=ISO8601",
            $"--model-repository={repository.FullPath}", "--model-control-mode=explicit", "--load-model=*", "--allow-client-shm=true", "--allow-setting-changes=true",
            "--cache-config=local,size=1048576", "--max-concurrent-executions=4", "--grpc-max-response-pool-size=64",
            $"--trace-config=triton,file={Path.Combine(traces.FullPath, "traces.json")}", "--trace-config=triton,max-bytes=16777216", "--trace-config=level=TIMESTAMPS", "--trace-config=rate=100");
        var seed = Random.Shared.Next();
        using var run = new SoakRun(server, await server.WaitForSummaryAsync(), repository, seed, Tell);
        Tell($"seed {seed}, {SoakLength.Rounds} rounds of {SoakLength.Round}, process {server.Id}");
        for (var i = 0; i < SoakLength.Rounds && run.Books.Faults.Count == 0; i++)
        {
            await run.RoundAsync(SoakLength.Round);
        }

        foreach (var fault in run.Books.Faults)
        {
            // What follows when a server that is at fault is stopped would hide it.
            Tell(fault);
        }

        Assert.Empty(run.Books.Faults);
        await run.EndAsync();
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
        var failures = Failures(server.Log);
        Report(run);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.Empty(SoakMemory.Judge(run.Series, SoakLength.IsLong));

        // Otherwise little would be shown.
        foreach (var way in new[] { SoakWay.Http, SoakWay.Rpc })
        {
            Assert.All(new[] { SoakEnd.Answered, SoakEnd.Refused, SoakEnd.CutInHead, SoakEnd.CutLater }, end => Assert.True(run.Books.Count(entry => entry.Way == way && entry.End == end) > 0, $"{way} {end}"));
        }
    }

    private void Report(SoakRun run)
    {
        foreach (var group in run.Books.Entries.GroupBy(static pair => (pair.Key.Way, pair.Key.End, pair.Key.Code)))
        {
            Tell($"{group.Key.Way} {group.Key.End} {group.Key.Code}: {group.Sum(static pair => pair.Value)}");
        }

        var cancelled = run.Books.Count(static entry => entry.End is SoakEnd.CutInHead or SoakEnd.CutInBody or SoakEnd.CutLater);
        Tell($"{run.Books.Sent} sent = {run.Books.Count(static entry => entry.End == SoakEnd.Answered)} answered + {run.Books.Count(static entry => entry.End is SoakEnd.Refused or SoakEnd.TurnedAway)} refused + {cancelled} cancelled");
        Tell(string.Create(
            CultureInfo.InvariantCulture,
            $"at most {run.Peak >> 20} MiB under load; with a million requests the heap grows by {SoakMemory.Slope(run.Series, static one => one.Heap) / 1048576:F2} MiB, resident memory by {SoakMemory.Slope(run.Series, static one => one.Resident) / 1048576:F2} MiB"));
    }

    /// <summary>What the server has logged as an error, with the exceptions, but for what the reloader wants it to say.</summary>
    private static List<string> Failures(string log)
    {
        var lines = log.Split('\n');
        var failures = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            var isFailure = lines[i].Contains(" ERR ", StringComparison.Ordinal) || lines[i].Contains(" FTL ", StringComparison.Ordinal);
            if (isFailure && !lines[i].Contains($" Model {SoakRepository.Shaky} version ", StringComparison.Ordinal))
            {
                failures.Add(string.Join('\n', [lines[i], .. lines.Skip(i + 1).TakeWhile(static line => !SoakLog.BeginsEntry(line)).Take(MostLinesOfOne)]));
            }
        }

        return failures;
    }

    private void Tell(string line)
    {
        output.WriteLine(line);
        if (SoakLength.IsLong)
        {
            File.AppendAllText(Path.Combine(Path.GetTempPath(), "inference-server-soak.log"), line + "\n");
        }
    }
}
