using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Pairs;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Pairs;

public sealed class PairTableTests
{
    [Fact]
    public void Markdown_ThreeRounds_GivesMediansOfTheRoundsOwnRatiosAndDifferences()
    {
        var row = new PairRow("m", WireEncoding.Binary, 32, [Round(300, 100, 0.11, 0.1), Round(800, 200, 0.13, 0.125), Round(500, 500, 0.12, 0.122)]);

        var lines = PairTable.Markdown("_alone", [row]).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, lines.Length);
        Assert.Equal("| `m` | HTTP binary | 32 | 500 | 200 | 3.00 (1.00-4.00) | 0.120 | 0.122 | 5 (-2-10) |", lines[2]);
        Assert.All(lines, static line => Assert.Equal(10, line.Count(static c => c == '|')));
    }

    [Fact]
    public void Markdown_AnyError_WarnsBelowTheTable()
    {
        var row = new PairRow("m", WireEncoding.Grpc, 1, [new PairRound(Result(1, 1, 2), Result(1, 1))]);

        Assert.Contains("**2 requests failed", PairTable.Markdown("_alone", [row]), StringComparison.Ordinal);
    }

    [Fact]
    public void Ratio_TwinWithoutAnswers_IsZero() => Assert.Equal(0, Round(5, 0, 1, 1).Ratio);

    private static PairRound Round(long model, long twin, double modelP50, double twinP50) => new(Result(model, modelP50), Result(twin, twinP50));

    private static PointResult Result(long requests, double p50, long errors = 0) => MadeUp.Result(requests, p50, errors);
}
