using InferenceServer.Bench.Statistics;
using Xunit;

namespace InferenceServer.Bench.Tests.Statistics;

public sealed class ServerFiguresTests
{
    private static readonly ServerCounters _before = Counters(inferences: 100, executions: 50, requests: 100, nanoseconds: 1_000_000_000);

    [Fact]
    public void Between_TwoReadings_GivesMeansOfWhatHappenedMeanwhile()
    {
        var figures = ServerFigures.Between(_before, Counters(inferences: 180, executions: 70, requests: 120, nanoseconds: 1_000_000_000 + (20 * 3_000_000)));

        Assert.NotNull(figures);
        Assert.Equal((20, 20, 4.0), (figures.Requests, figures.Executions, figures.MeanBatch));
        Assert.Equal(3.0, figures.Request, 6);
        Assert.Equal(1.5, figures.Queue, 6);
    }

    [Fact]
    public void Between_NothingHappenedOrTheCountersBeganAnewOrOneIsMissing_IsNull()
    {
        Assert.Null(ServerFigures.Between(_before, _before));
        Assert.Null(ServerFigures.Between(_before, Counters(1, 1, 1, 1)));
        Assert.Null(ServerFigures.Between(_before, null));
        Assert.Null(ServerFigures.Between(null, _before));
    }

    private static ServerCounters Counters(ulong inferences, ulong executions, ulong requests, ulong nanoseconds) =>
        ServerCounters.None with { Inferences = inferences, Executions = executions, Success = new(requests, nanoseconds), Queue = new(requests, nanoseconds / 2) };
}
