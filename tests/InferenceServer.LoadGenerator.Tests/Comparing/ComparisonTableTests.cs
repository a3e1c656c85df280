using InferenceServer.Bench.Comparing;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Comparing;
using InferenceServer.LoadGenerator.Echo;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Comparing;

public sealed class ComparisonTableTests
{
    [Fact]
    public void Markdown_ThreeRounds_GivesMedians()
    {
        var row = new ComparisonRow(WireEncoding.Json, 8, [Pair(500, 1000), Pair(900, 1000), Pair(1400, 2000)]);

        var lines = ComparisonTable.Markdown([row], RpcEcho.Generated).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        Assert.Equal("| HTTP JSON | 8 | 900 | 1000 | 0.70 (0.50-0.90) | 0.100 / 0.150 | 0.100 / 0.150 |", lines[2]);
        Assert.All(lines, line => Assert.Equal(8, line.Count(c => c == '|')));
    }

    [Fact]
    public void Markdown_AnyError_WarnsBelowTheTable()
    {
        var row = new ComparisonRow(WireEncoding.Grpc, 1, [Pair(1, 1, errors: 2)]);

        Assert.Contains("**2 requests failed", ComparisonTable.Markdown([row], RpcEcho.Generated), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Generated", "| gRPC (generated echo) | 1 |")]
    [InlineData("Raw", "| gRPC (raw echo) | 1 |")]
    public void Markdown_RowOfRpc_SaysWhichEchoItWas(string echo, string expected) =>
        Assert.Contains(expected, ComparisonTable.Markdown([new ComparisonRow(WireEncoding.Grpc, 1, [Pair(1, 1)])], Enum.Parse<RpcEcho>(echo)), StringComparison.Ordinal);

    [Fact]
    public void Ratio_EchoWithoutAnswers_IsZero() => Assert.Equal(0, Pair(5, 0).Ratio);

    [Fact]
    public void Median_EvenCount_IsTheMeanOfTheMiddle() => Assert.Equal(2.5, Median.Of([4, 1, 3, 2]));

    private static ComparedPair Pair(long server, long echo, long errors = 0) => new(Result(server, errors), Result(echo, 0));

    private static PointResult Result(long requests, long errors) => MadeUp.Result(requests, 0.1, errors);
}
