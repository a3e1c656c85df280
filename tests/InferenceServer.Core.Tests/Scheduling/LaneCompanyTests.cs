using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>A lane that waits with requests for company is called by those who end the wait, and needs not be by others.</summary>
public sealed class LaneCompanyTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>By timers, by waits of whole milliseconds and by naps.</summary>
    public static TheoryData<double> Delays => [3_600_000, 19, 0.5];

    [Theory]
    [MemberData(nameof(Delays))]
    public async Task Company_ThatComesInTime_IsRunWithTheFirst(double milliseconds)
    {
        var delay = TimeSpan.FromMilliseconds(milliseconds);
        await using var model = new ServedModelFixture(maxDelay: delay, time: _time);
        var requests = Enumerable.Range(0, 5).Select(i => model.Engine.InferAsync(model.Rows(1, i), Token).AsTask()).ToList();
        await Task.Delay(20, Token);
        Assert.DoesNotContain(requests, static request => request.IsCompleted);

        _time.Advance(delay);

        await SucceedAsync(requests);
        Assert.Equal((1, 1), (model.Backend.Executions, model.Statistics.Releases(ReleaseReason.DelayExpired)));
    }

    [Theory]
    [MemberData(nameof(Delays))]
    public async Task Company_ThatFillsTheBatch_EndsTheWait(double milliseconds)
    {
        await using var model = new ServedModelFixture(maxDelay: TimeSpan.FromMilliseconds(milliseconds), time: _time);

        await SucceedAsync(Enumerable.Range(0, 8).Select(i => model.Engine.InferAsync(model.Rows(1, i), Token).AsTask()));

        Assert.Equal((1, 1), (model.Backend.Executions, model.Statistics.Releases(ReleaseReason.Full)));
    }

    [Fact]
    public async Task Company_ThatCannotWaitAsLong_IsNotForgotten()
    {
        await using var model = new ServedModelFixture(maxDelay: TimeSpan.FromHours(1), time: _time);
        var first = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await Task.Delay(20, Token);
        var hurried = model.Rows(1, 2f);
        hurried.Deadline = _time.GetUtcNow() + TimeSpan.FromSeconds(10);
        var second = model.Engine.InferAsync(hurried, Token).AsTask();

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(ErrorCode.DeadlineExceeded, (await second.WaitAsync(TestTimeouts.Phase, Token)).Error?.Code);
        Assert.False(first.IsCompleted);
        _time.Advance(TimeSpan.FromHours(1));
        await SucceedAsync([first]);
    }

    private static async Task SucceedAsync(IEnumerable<Task<InferenceOutcome>> requests)
    {
        foreach (var outcome in await Task.WhenAll(requests).WaitAsync(TestTimeouts.Phase, Token))
        {
            Assert.Null(outcome.Error);
            outcome.Response!.Dispose();
        }
    }
}
