using System.Globalization;
using InferenceServer.FuzzTests.Engine;
using Xunit;

namespace InferenceServer.FuzzTests;

/// <summary>
/// Every target is fed a fixed number of inputs, the same ones each time. With the environment variable INFERENCE_SERVER_FUZZ_SECONDS it is fed for as
/// long, always other ones, and what is found on the way is kept under artifacts/fuzz for the next time. INFERENCE_SERVER_FUZZ_TARGET chooses one.
/// </summary>
public sealed class FuzzTests(InstrumentedReaders readers, ITestOutputHelper output) : IClassFixture<InstrumentedReaders>
{
    private const int Iterations = 20_000;

    public static TheoryData<string> Targets
    {
        get
        {
            var only = Environment.GetEnvironmentVariable("INFERENCE_SERVER_FUZZ_TARGET");
            return [.. FuzzTargets.All.Select(static target => target.Name).Where(name => only is null || name == only)];
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Reader_FedAnyBytes_HoldsWhatMustHold(string target)
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("INFERENCE_SERVER_FUZZ_SECONDS") ?? "0", CultureInfo.InvariantCulture);
        var root = FindRoot();
        var kept = Path.Combine(root, "tests", "data", "fuzz", target);
        var report = seconds == 0
            ? readers.Run(target, kept, null, 1, Iterations, 0)
            : readers.Run(target, kept, Path.Combine(root, "artifacts", "fuzz", target), Random.Shared.Next(), int.MaxValue, seconds);
        output.WriteLine(report);
        Assert.DoesNotContain(" 0 places of the code", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Seeds_AreReadAndNotAllRefused() => Assert.All(FuzzTargets.All, static target =>
        Assert.Contains(target.Seeds, seed => target.Run(seed).StartsWith("read", StringComparison.Ordinal)));

    [Fact]
    public void Session_WhoseTargetBreaks_TellsTheInput()
    {
        var finding = Assert.Throws<FuzzFindingException>(static () => Check.IsClean(new(InferenceServer.Abstractions.Errors.ErrorCode.Internal, "it broke")));
        Assert.Contains("it broke", finding.Message, StringComparison.Ordinal);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "InferenceServer.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
