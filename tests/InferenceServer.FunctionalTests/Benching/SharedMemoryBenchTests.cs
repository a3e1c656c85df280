using InferenceServer.Bench.Commands;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Benching;

/// <summary>Load whose tensors are in shared memory.</summary>
[Collection(BenchedServerCollection.Name)]
public sealed class SharedMemoryBenchTests(BenchedServer sample) : IAsyncLifetime
{
    private const int SigInt = 2;
    private const int TensorBytes = 4 * 4096;

    private static readonly string[] s_shared = ["--shared-memory", "system", "--check-answers"];

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "POSIX shared memory is used on Linux.");
        return ValueTask.CompletedTask;
    }

    /// <summary>However it ends, nothing is left.</summary>
    public async ValueTask DisposeAsync()
    {
        Assert.Equal("[]", await sample.Server.Http.GetStringAsync("/v2/systemsharedmemory/status", TestContext.Current.CancellationToken));
        AssertNothingIsLeftOf(Environment.ProcessId);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("binary")]
    [InlineData("grpc")]
    [InlineData("stream")]
    public async Task ClosedLoop_SendsNoElementsAndEveryAnswerIsRight(string encoding)
    {
        var call = (await BenchCall.RunAsync([
            "identity", .. BenchCall.Of(sample.Server), "--encoding", encoding, "--connections", "1,3", "--distinct", "4", "--shape", "TEXT:2", "--shape", "NUMBERS:4096", "--string-length", "20", .. s_shared])).AssertClean();

        Assert.Equal("system", call.Json.GetProperty("plan").GetProperty("shared_memory").GetString());
        Assert.Contains("tensors in shared memory", call.Output, StringComparison.Ordinal);
        Assert.All(call.Results, static result =>
        {
            var requests = result.GetProperty("requests_per_second").GetDouble();
            Assert.InRange(result.GetProperty("sent_bytes_per_second").GetDouble() / requests, 1, TensorBytes / 4);
            Assert.InRange(result.GetProperty("received_bytes_per_second").GetDouble() / requests, 1, TensorBytes / 4);
        });
    }

    [Fact]
    public async Task OpenLoop_EachConnectionHasItsPlace() =>
        (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--encoding", "json,grpc,stream", "--rate", "200", "--max-connections", "8", .. s_shared])).AssertClean();

    [Fact]
    public async Task Stream_SeveralInFlight_EachHasItsPlace() =>
        (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--encoding", "stream", "--connections", "2", "--in-flight", "8", "--distinct", "5", .. s_shared])).AssertClean();

    [Fact]
    public async Task Sweep_HasMemoryForEachLoad() =>
        Assert.NotEqual(BenchCommand.Usage, (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--sweep", "--connections", "1", "--max-connections", "4", "--max-steps", "3", .. s_shared])).AssertClean().Code);

    /// <summary>Whoever leaves room for outputs that may be longer has it.</summary>
    [Fact]
    public async Task OutputSize_LargerThanTheOutputs_IsTaken() =>
        (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--encoding", "binary,grpc", "--connections", "2", "--output-shared-memory-size", "10000", .. s_shared])).AssertClean();

    [Theory]
    [InlineData("json")]
    [InlineData("grpc")]
    [InlineData("stream")]
    public async Task OutputSize_TooSmall_IsSaidByTheServer(string encoding)
    {
        var call = await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--encoding", encoding, "--output-shared-memory-size", "8", .. s_shared]);

        Assert.Equal(BenchCommand.Failure, call.Code);
        Assert.Contains("fails before the measurement", call.Errors, StringComparison.Ordinal);
        Assert.Contains("OUTPUT0", call.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("grpc")]
    public async Task ServerThatDoesNotAllowIt_SaysHowItWould(string encoding)
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--log-info=false", "--model-control-mode=explicit", "--load-model=add_sub"]);

        var call = await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(server), "--encoding", encoding, .. s_shared]);

        Assert.Equal(BenchCommand.Failure, call.Code);
        Assert.Contains("--shared-memory system: ", call.Errors, StringComparison.Ordinal);
        Assert.Contains("'--allow-client-shm=true'", call.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("grpc")]
    public async Task Interrupted_LeavesNothing(string encoding)
    {
        var before = await AnsweredAsync();
        using var process = ServerProcess.Start(["bench", "digits", .. BenchCall.Of(sample.Server), "--encoding", encoding, "--connections", "2", "--seconds", "600", "--window", "0", .. s_shared]);
        using var patience = new CancellationTokenSource(TestTimeouts.Phase);
        while (await AnsweredAsync() < before + 50)
        {
            await Task.Delay(20, patience.Token);
        }

        process.Signal(SigInt);

        Assert.Equal(BenchCommand.Failure, await process.WaitForExitAsync());
        AssertNothingIsLeftOf(process.Id);
    }

    private static void AssertNothingIsLeftOf(int process) => Assert.Empty(Directory.GetFiles("/dev/shm", $"inference-server-bench-{process}-*"));

    private async Task<ulong> AnsweredAsync() =>
        (await sample.Server.Rpc.ModelStatisticsAsync(new Inference.ModelStatisticsRequest { Name = "digits" }, cancellationToken: TestContext.Current.CancellationToken)).ModelStats.Single().InferenceStats.Success.Count;
}
