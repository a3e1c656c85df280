using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Routing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Routing;

public sealed class RollbackPolicyTests
{
    [Theory]
    [InlineData(19, 19, 0, null)]
    [InlineData(20, 2, 0, null)]
    [InlineData(20, 3, 0, RollbackCause.ErrorRate)]
    [InlineData(100, 10, 0, null)]
    [InlineData(100, 11, 0, RollbackCause.ErrorRate)]
    [InlineData(100, 0, 5, null)]
    [InlineData(100, 0, 6, RollbackCause.Latency)]
    [InlineData(20, 0, 1, null)]
    [InlineData(20, 0, 2, RollbackCause.Latency)]
    [InlineData(20, 3, 20, RollbackCause.ErrorRate)]
    [InlineData(0, 1, 0, null)]
    public void Decide_Counts_BreakALimitOrNot(long requests, long failures, long slow, RollbackCause? expected)
    {
        var rule = new RollbackConfig { MaxErrorRate = 0.1, MaxLatency = TimeSpan.FromMilliseconds(50), MinRequests = 20 };
        Assert.Equal(expected, RollbackPolicy.Decide(rule, new WindowCounts(requests, failures, slow))?.Cause);
    }

    [Fact]
    public void Decide_LimitThatIsNotSet_IsNotBroken()
    {
        Assert.Null(RollbackPolicy.Decide(new RollbackConfig { MaxErrorRate = 0.5, MinRequests = 1 }, new WindowCounts(10, 0, 10)));
        Assert.Null(RollbackPolicy.Decide(new RollbackConfig { MaxLatency = TimeSpan.FromSeconds(1), MinRequests = 1 }, new WindowCounts(10, 10, 0)));
        Assert.NotNull(RollbackPolicy.Decide(new RollbackConfig { MaxErrorRate = 0, MinRequests = 1 }, new WindowCounts(1000, 1, 0)));
    }

    [Fact]
    public void Decide_Breach_SaysTheFigures()
    {
        var rule = new RollbackConfig { MaxErrorRate = 0.05, MaxLatency = TimeSpan.FromMilliseconds(250), Window = TimeSpan.FromSeconds(30) };
        Assert.Equal("7 of its 40 requests of the last 30 s failed, at most 5 % may (max_error_rate)", RollbackPolicy.Decide(rule, new WindowCounts(40, 7, 0))?.Reason);
        Assert.Equal("9 of its 40 requests of the last 30 s took longer than 250 ms, at most 5 % may (max_latency_ms)", RollbackPolicy.Decide(rule, new WindowCounts(40, 0, 9))?.Reason);
    }

    [Fact]
    public void TimeoutOfTheRequestsOwn_SaysNothingAboutTheModel() =>
        Assert.Equal(OutcomeKind.GivenUp, OutcomePolicy.Judge(new InferenceError(ErrorCode.Unavailable, "Request timeout expired") { IsCallersLimit = true }, isDecoupled: false));

    [Theory]
    [InlineData(null, false, "Success")]
    [InlineData(ErrorCode.Internal, false, "Failure")]
    [InlineData(ErrorCode.Unavailable, false, "Failure")]
    [InlineData(ErrorCode.ResourceExhausted, false, "Failure")]
    [InlineData(ErrorCode.ResourceExhausted, true, "GivenUp")]
    [InlineData(ErrorCode.Cancelled, false, "GivenUp")]
    [InlineData(ErrorCode.DeadlineExceeded, false, "GivenUp")]
    [InlineData(ErrorCode.InvalidArgument, false, "Mistake")]
    [InlineData(ErrorCode.NotFound, false, "Mistake")]
    [InlineData(ErrorCode.Unsupported, false, "Mistake")]
    [InlineData(ErrorCode.PermissionDenied, false, "Mistake")]
    public void Judge_EachCode_IsSomebodysFault(ErrorCode? code, bool isDecoupled, string expected) =>
        Assert.Equal(expected, OutcomePolicy.Judge(code is { } known ? new InferenceError(known, "why") : null, isDecoupled).ToString());

    [Fact]
    public void Window_TimePasses_ForgetsWhatIsOlder()
    {
        var time = new FakeTimeProvider();
        var window = new OutcomeWindow(TimeSpan.FromSeconds(30), time);
        Assert.Equal(new WindowCounts(1, 1, 0), window.Record(new WindowCounts(1, 1, 0)));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(new WindowCounts(2, 1, 1), window.Record(new WindowCounts(1, 0, 1)));
        time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(new WindowCounts(2, 1, 1), window.Read());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new WindowCounts(1, 0, 1), window.Read());
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(default, window.Read());
    }

    [Fact]
    public void Window_LongSilence_ForgetsAll()
    {
        var time = new FakeTimeProvider();
        var window = new OutcomeWindow(TimeSpan.FromSeconds(1), time);
        window.Record(new WindowCounts(5, 5, 5));
        time.Advance(TimeSpan.FromDays(400));
        Assert.Equal(new WindowCounts(1, 0, 0), window.Record(new WindowCounts(1, 0, 0)));
    }

    [Fact]
    public void Window_AnySequence_HoldsWhatALogOfTheSameTimesHolds()
    {
        var time = new FakeTimeProvider();
        var begin = time.GetUtcNow();
        var window = new OutcomeWindow(TimeSpan.FromSeconds(3), time);
        var log = new List<long>();
        var random = new Random(7);
        for (var i = 0; i < 5_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(random.Next(0, 60)));
            var slot = (long)((time.GetUtcNow() - begin).TotalMilliseconds / 100);
            log.Add(slot);
            log.RemoveAll(old => old <= slot - 30);
            Assert.Equal(log.Count, window.Record(new WindowCounts(1, 0, 0)).Requests);
        }
    }
}
