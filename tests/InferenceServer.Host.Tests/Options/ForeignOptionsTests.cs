using InferenceServer.Host.Options;
using Xunit;

namespace InferenceServer.Host.Tests.Options;

public sealed class ForeignOptionsTests
{
    /// <summary>Every flag that Triton has.</summary>
    public static TheoryData<string> TritonsFlags => [.. TritonOptions.Flags.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(TritonsFlags))]
    public void FlagOfTriton_IsEitherThereOrExplained(string flag) =>
        Assert.True(
            OptionTable.All.Any(option => option.Flag == flag || option.Alias == flag) ^ ForeignOptions.Reasons.ContainsKey(flag),
            $"--{flag} must stand either among the options or among those that are explained");

    [Fact]
    public void Explanation_NamesOptionsThatThereAre() => Assert.All(ForeignOptions.Reasons.Values, static reason =>
    {
        Assert.InRange(reason.Length, 10, 160);
        Assert.All(
            reason.Split(' ', ';', ',', '(', ')').Where(static word => word.StartsWith("--", StringComparison.Ordinal)),
            static word => Assert.Contains(word[2..].Split('=')[0], OptionTable.All.Select(static option => option.Flag)));
    });

    [Fact]
    public void FlagOfTriton_OnTheCommandLine_TakesItsValueWithIt()
    {
        var line = CommandLine.Parse(["--trace-file", "/traces", "--reuse-grpc-port"]);
        Assert.Equal(2, line.Errors.Count);
        Assert.Contains("'--trace-file' of Triton is not here: ", line.Errors[0], StringComparison.Ordinal);
    }
}
