using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Bench.Commands;
using Xunit;

namespace InferenceServer.Bench.Tests.SharedMemory;

/// <summary>What a client with shared memory sees of servers that do not do what they should.</summary>
[Collection("shared memory of this process")]
public sealed class SharedMemoryTests
{
    // One inference without shared memory, one with it, and one of the connection before the clock starts.
    private const int BeforeTheLoad = 3;

    [Fact]
    public async Task EqualElements_AreNoFailure()
    {
        SkipElsewhere();
        await using var server = new SharingServer(static _ => 1);

        var (code, output, errors) = await RunAsync(server, "--check-answers", "--connections", "1,3");

        Assert.True(code == BenchCommand.Success, output + errors);
        Assert.Empty(server.Regions);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task OtherElementsInALaterAnswer_AreCountedAlthoughTheMessagesAreEqual()
    {
        SkipElsewhere();
        await using var server = new SharingServer(static inference => inference < BeforeTheLoad ? 1 : 2);

        var (code, output, _) = await RunAsync(server, "--check-answers", "--connections", "1");

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("failed: 1 x answer differs (first: output 'y' in shared memory differs from that of the first answer)", output, StringComparison.Ordinal);
        Assert.Empty(server.Regions);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task OtherElementsThanWithoutSharedMemory_AreSaidBeforeTheLoad()
    {
        SkipElsewhere();
        await using var server = new SharingServer(static inference => inference);

        var (code, _, errors) = await RunAsync(server, "--check-answers", "--connections", "1");

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("fails before the measurement: answer differs: output 'y' in shared memory", errors, StringComparison.Ordinal);
        Assert.Empty(server.Regions);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task ServerThatKeepsARegion_IsAnError()
    {
        SkipElsewhere();
        await using var server = new SharingServer(static _ => 1) { Unregisters = false };

        var (code, _, errors) = await RunAsync(server, "--connections", "1");

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("may still be registered at", errors, StringComparison.Ordinal);
        Assert.Contains("HTTP 500: it is mine", errors, StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task ServerThatSendsElementsAllTheSame_IsAnError()
    {
        SkipElsewhere();
        await using var server = new ScriptedServer(static (_, line, _) => Task.FromResult<string?>(ScriptedServer.Answer(200, line.StartsWith("GET", StringComparison.Ordinal)
            ? """{"name":"m","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[]}"""
            : """{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[1]}]}""")));

        var (code, _, errors) = await RunAsync(server.Address.ToString(), "--connections", "1");

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("expected output 'y' without its elements, got them in the answer", errors, StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    [Fact]
    public async Task MoreRequestsThanCanBePrepared_AreRefused()
    {
        SkipElsewhere();
        await using var server = new SharingServer(static _ => 1);

        var (code, _, errors) = await RunAsync(server, "--connections", "4096", "--distinct", "100");

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("expected at most 200000 requests in flight times different requests; got 4096 times 100", errors, StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    /// <summary>Nothing is written before it is known that there is memory for it.</summary>
    [Fact]
    public async Task MoreBytesThanTheMachineCanSpare_AreRefused()
    {
        SkipElsewhere();
        await using var server = new SharingServer(static _ => 1);

        var (code, _, errors) = await RunAsync(server, "--connections", "4096", "--output-shared-memory-size", "2147483647");

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("bytes of tensors, a quarter of the memory; got ", errors, StringComparison.Ordinal);
        AssertNothingIsLeft();
    }

    private static void SkipElsewhere() => Assert.SkipUnless(OperatingSystem.IsLinux(), "POSIX shared memory is used on Linux.");

    private static void AssertNothingIsLeft() => Assert.Empty(Directory.GetFiles("/dev/shm", $"inference-server-bench-{Environment.ProcessId}-*"));

    private static Task<(int Code, string Output, string Errors)> RunAsync(SharingServer server, params string[] args) => RunAsync(server.Address, args);

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string address, params string[] args)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await new BenchCommand(new MockFileSystem(), static _ => null, TimeProvider.System).RunAsync(
            ["m", "--url", address, "--window", "0", "--seconds", "0.5", "--shared-memory", "system", .. args], output, errors, isTerminal: false, TestContext.Current.CancellationToken);
        return (code, output.ToString(), errors.ToString());
    }
}
