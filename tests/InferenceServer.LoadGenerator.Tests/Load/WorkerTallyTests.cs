using System.Diagnostics;
using InferenceServer.LoadGenerator.Load;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Load;

public sealed class WorkerTallyTests
{
    private static readonly LoadWindow _window = LoadWindow.StartingNow(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));

    [Fact]
    public void Success_EndedInTheWarmUp_CountsForNothing()
    {
        var tally = new WorkerTally(_window);

        tally.Success(_window.From - 10, _window.From - 1);

        Assert.Equal(0, tally.Completed);
        Assert.Equal(0, tally.Latencies.TotalCount);
    }

    [Fact]
    public void Success_SentInTheWarmUpEndedInTheWindow_CountsForTheRate()
    {
        var tally = new WorkerTally(_window);

        tally.Success(_window.From - 10, _window.From + 10);

        Assert.Equal(1, tally.Completed);
        Assert.Equal(0, tally.Latencies.TotalCount);
    }

    [Fact]
    public void Success_SentInTheWindowEndedAfter_CountsForTheLatency()
    {
        var tally = new WorkerTally(_window);

        tally.Success(_window.To - 1, _window.To + (5 * Stopwatch.Frequency));

        Assert.Equal(0, tally.Completed);
        Assert.InRange(TimeSpan.FromTicks(tally.Latencies.GetValueAtPercentile(100)).TotalSeconds, 4.99, 5.01);
    }

    [Fact]
    public void Failure_TenInARow_GivesUpAndKeepsTheFirst()
    {
        var tally = new WorkerTally(_window);
        for (var i = 0; i < 9; i++)
        {
            tally.Failure($"error {i}");
        }

        Assert.False(tally.GaveUp);
        tally.Failure("last");

        Assert.True(tally.GaveUp);
        Assert.Equal(10, tally.Errors);
        Assert.Equal("error 0", tally.FirstError);
    }
}
