using InferenceServer.Bench.Commands;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Benching;

/// <summary>The sub-command of the program.</summary>
[Collection(BenchedServerCollection.Name)]
public sealed class BenchProcessTests(BenchedServer sample)
{
    private const int SigInt = 2;

    [Fact]
    public async Task Interrupted_TellsWhatWasMeasuredUntilThen()
    {
        using var process = ServerProcess.Start(["bench", "digits_fp16", .. BenchCall.Of(sample.Server), "--encoding", "binary", "--connections", "1", "--seconds", "600", "--window", "0"]);

        // The model is asked by nobody else in this collection, so what it has answered is the load.
        using var patience = new CancellationTokenSource(TestTimeouts.Phase);
        while (await AnsweredAsync() < 50)
        {
            await Task.Delay(20, patience.Token);
        }

        // The clock starts some ten milliseconds after the first requests.
        await Task.Delay(TimeSpan.FromSeconds(2), patience.Token);

        process.Signal(SigInt);

        Assert.Equal(BenchCommand.Failure, await process.WaitForExitAsync());
        Assert.Contains("the run was ended early", process.Output, StringComparison.Ordinal);
        Assert.Contains("| HTTP binary | x1 ", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongCommandLine_EndsWithTwo()
    {
        using var process = ServerProcess.Start("bench", "--rounds", "none");

        Assert.Equal(BenchCommand.Usage, await process.WaitForExitAsync());
    }

    /// <summary>Whoever serves does not pay for the load tool: its libraries are not even opened.</summary>
    [Fact]
    public async Task Serving_LoadsNothingOfTheLoadTool()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What a process has loaded is read from /proc.");
        using var process = ServerProcess.Start($"--model-repository={SampleServer.Repository}", "--model-control-mode=explicit", "--load-model=add_sub", "--http-port=0", "--grpc-port=0", "--metrics-port=0");
        await process.WaitForSummaryAsync();

        var loaded = await File.ReadAllTextAsync($"/proc/{process.Id}/maps", TestContext.Current.CancellationToken);

        Assert.Contains("InferenceServer.Core.dll", loaded, StringComparison.Ordinal);
        Assert.All(["InferenceServer.Bench.dll", "HdrHistogram.dll", "System.CommandLine.dll"], library => Assert.DoesNotContain(library, loaded, StringComparison.Ordinal));
    }

    private async Task<ulong> AnsweredAsync() =>
        (await sample.Server.Rpc.ModelStatisticsAsync(new Inference.ModelStatisticsRequest { Name = "digits_fp16" }, cancellationToken: TestContext.Current.CancellationToken)).ModelStats.Single().InferenceStats.Success.Count;
}
