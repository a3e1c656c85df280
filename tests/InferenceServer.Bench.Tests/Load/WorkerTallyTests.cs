using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Rpc;
using Xunit;

namespace InferenceServer.Bench.Tests.Load;

public sealed class WorkerTallyTests
{
    private static readonly TimeProvider _clock = TimeProvider.System;
    private static readonly MeasuredSpan _span = new(_clock.TimestampFrequency, 10 * _clock.TimestampFrequency);

    [Fact]
    public void Success_EndedBeforeTheSpan_CountsForNothing()
    {
        var counts = Count(tally => Answer(tally, _span.From - 10, _span.From - 1));

        Assert.Equal(0, counts.Completed);
        Assert.Equal(0, counts.Latencies.TotalCount);
    }

    [Fact]
    public void Success_SentBeforeEndedWithin_CountsForTheRate()
    {
        var counts = Count(tally => Answer(tally, _span.From - 10, _span.From + 10));

        Assert.Equal(1, counts.Completed);
        Assert.Equal(0, counts.Latencies.TotalCount);
    }

    [Fact]
    public void Success_SentWithinEndedAfter_CountsForTheLatency()
    {
        var counts = Count(tally => Answer(tally, _span.To - 1, _span.To + (5 * _clock.TimestampFrequency)));

        Assert.Equal(0, counts.Completed);
        Assert.InRange(new LatencyFigures(counts.Latencies).Max, 4990, 5010);
    }

    [Fact]
    public void Success_SentAfterItWasDue_CountsFromThenAndAsLate()
    {
        var counts = Count(tally => tally.Success(_span.From, _span.From + _clock.TimestampFrequency, ReplyAt(_span.From + (2 * _clock.TimestampFrequency)), 10));

        Assert.InRange(new LatencyFigures(counts.Latencies).Max, 1998, 2002);
        Assert.InRange(new LatencyFigures(counts.Lags!).Max, 999, 1001);
        Assert.Equal(1, counts.Late);
    }

    [Fact]
    public void Success_SeveralResponses_CountsTheFirstAndTheTimeBetween()
    {
        var tick = _clock.TimestampFrequency;
        var counts = Count(tally => tally.Success(_span.From, _span.From, new Reply(_span.From + tick, _span.From + (5 * tick), 5, 100), 10));

        Assert.InRange(new LatencyFigures(counts.FirstResponses!).Max, 999, 1001);
        Assert.InRange(new LatencyFigures(counts.Gaps!).Max, 999, 1001);
        Assert.Equal(5, counts.Responses);
    }

    [Fact]
    public void Failure_OfTwoKinds_AreCountedApartWithTheFirstMessage()
    {
        var counts = Count(tally =>
        {
            tally.Failure(_span.From, new RequestFailure("timeout", "first"));
            tally.Failure(_span.From, new RequestFailure("timeout", "second"));
            tally.Failure(_span.From, new RequestFailure("HTTP 503", "busy"));
            tally.Failure(_span.To, new RequestFailure("HTTP 503", "due after it"));
        });

        Assert.Equal([new ErrorCount("timeout", 2, "first"), new ErrorCount("HTTP 503", 1, "busy")], counts.Errors);
        Assert.Equal(0, counts.Latencies.TotalCount);
    }

    [Fact]
    public void MoveTo_Twice_LosesNothingAndCountsNothingTwice()
    {
        var tally = new WorkerTally(_clock);
        var sum = new TallyCounts();
        Answer(tally, 1, 2);
        tally.MoveTo(sum, MeasuredSpan.Always);
        Answer(tally, 1, 2);
        tally.MoveTo(sum, MeasuredSpan.Always);
        tally.MoveTo(sum, MeasuredSpan.Always);

        Assert.Equal(2, sum.Completed);
        Assert.Equal(2, sum.Latencies.TotalCount);
        Assert.Equal(20, sum.BytesSent);
    }

    private static TallyCounts Count(Action<WorkerTally> what)
    {
        var tally = new WorkerTally(_clock);
        tally.MoveTo(new TallyCounts(), _span);
        what(tally);
        var sum = new TallyCounts();
        tally.MoveTo(sum, MeasuredSpan.Always);
        return sum;
    }

    private static void Answer(WorkerTally tally, long begun, long ended) => tally.Success(begun, begun, ReplyAt(ended), 10);

    private static Reply ReplyAt(long ended) => new(ended, ended, 1, 100);
}
