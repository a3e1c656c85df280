using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static InferenceServer.Core.Tests.Caching.CacheFixture;

namespace InferenceServer.Core.Tests.Caching;

public sealed class SingleFlightTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SimultaneousRequests_RunOnce(bool isKept)
    {
        await using var model = Make(isKept ? 1 << 20 : 1);
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = InferAsync(model, "0");
        await gate.WaitForArrivalAsync();
        var others = Enumerable.Range(1, 99).Select(i => InferAsync(model, $"{i}")).ToArray();

        Assert.Equal((99, 99), (model.Served.Cache!.WaitingRequests, model.Served.QueuedRequests));
        gate.Open();
        var responses = await Task.WhenAll(others.Prepend(first).Select(SucceedAsync));
        Assert.Equal(Enumerable.Range(0, 100).Select(static i => $"{i}"), responses.Select(static response => response.Id));
        Assert.All(responses, static response => Assert.All(TestTensor.Read<float>(response.Outputs[0]), static value => Assert.Equal(7f, value)));
        Assert.Equal((1, 99L, 1L, 100L), (model.Backend.Executions, model.Statistics.CacheHits.Count, model.Statistics.CacheMisses.Count, model.Statistics.Successes));
        Assert.Equal((0, 0), (model.Served.Cache!.Flights, model.Served.QueuedRequests));
        Assert.All(responses, static response => response.Dispose());
    }

    [Fact]
    public async Task WaiterWhoseClientGoes_LeavesAlone()
    {
        await using var model = Make();
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = InferAsync(model, "0");
        await gate.WaitForArrivalAsync();
        using var client = new CancellationTokenSource();
        var leaving = InferAsync(model, "1", client.Token);
        var staying = InferAsync(model, "2");
        await client.CancelAsync();

        var outcome = await leaving.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(ErrorCode.Cancelled, outcome.Error!.Code);
        Assert.Equal((1L, 1), (model.Statistics.Failures(FailureReason.Cancelled), model.Served.Cache!.WaitingRequests));
        gate.Open();
        (await SucceedAsync(first)).Dispose();
        (await SucceedAsync(staying)).Dispose();
        Assert.Equal(1, model.Backend.Executions);
    }

    [Fact]
    public async Task WaiterWhoseDeadlinePasses_LeavesAlone()
    {
        var time = new FakeTimeProvider();
        await using var model = Make(time: time);
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = InferAsync(model, "0");
        await gate.WaitForArrivalAsync();
        var mortal = model.Rows(1, 7);
        mortal.Deadline = time.GetUtcNow() + TimeSpan.FromSeconds(5);
        var leaving = model.Engine.InferAsync(mortal, Token).AsTask();
        var staying = InferAsync(model, "2");
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(leaving.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1002));

        var outcome = await leaving.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(ErrorCode.DeadlineExceeded, outcome.Error!.Code);
        gate.Open();
        (await SucceedAsync(first)).Dispose();
        (await SucceedAsync(staying)).Dispose();
    }

    [Fact]
    public async Task LeaderWhoseClientGoesWhileItRuns_LeavesTheRunToTheNext()
    {
        await using var model = Make();
        var gate = model.Backend.Gate = new ExecutionGate();
        using var client = new CancellationTokenSource();
        var first = InferAsync(model, "0", client.Token);
        await gate.WaitForArrivalAsync();
        var others = Enumerable.Range(1, 5).Select(i => InferAsync(model, $"{i}")).ToArray();
        await client.CancelAsync();

        Assert.Equal(ErrorCode.Cancelled, (await first.WaitAsync(TestTimeouts.Phase, Token)).Error!.Code);
        await gate.WaitForArrivalAsync();
        gate.Open();
        foreach (var other in others)
        {
            (await SucceedAsync(other)).Dispose();
        }

        Assert.Equal((2, 5L, 4L), (model.Backend.Executions, model.Statistics.Successes, model.Statistics.CacheHits.Count));
    }

    [Fact]
    public async Task LeaderWhoseClientGoesWhileItIsQueued_LeavesItsTurnToTheNext()
    {
        await using var model = Make();
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 1), Token).AsTask();
        await gate.WaitForArrivalAsync();
        using var client = new CancellationTokenSource();
        var first = InferAsync(model, "0", client.Token);
        var second = InferAsync(model, "1");
        Assert.Equal(1, model.Served.Cache!.WaitingRequests);
        await client.CancelAsync();

        Assert.Equal(ErrorCode.Cancelled, (await first.WaitAsync(TestTimeouts.Phase, Token)).Error!.Code);
        Assert.Equal(0, model.Served.Cache!.WaitingRequests);
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        (await SucceedAsync(second)).Dispose();
    }

    [Fact]
    public async Task FailureOfTheModel_IsGivenToAllThatWait()
    {
        await using var model = Make();
        var gate = model.Backend.Gate = new ExecutionGate();
        model.Backend.Execute = static _ => throw new BackendException(ErrorCode.InvalidArgument, "no such token");
        var first = InferAsync(model, "0");
        await gate.WaitForArrivalAsync();
        var others = Enumerable.Range(1, 3).Select(i => InferAsync(model, $"{i}")).ToArray();
        gate.Open();

        var outcomes = await Task.WhenAll(others.Prepend(first)).WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(Enumerable.Range(0, 4).Select(static i => $"[request id: {i}] no such token"), outcomes.Select(static outcome => outcome.Error!.Message));
        Assert.All(outcomes, static outcome => Assert.Equal((ErrorCode.InvalidArgument, true), (outcome.Error!.Code, outcome.WasAccepted)));
        Assert.Equal((1, 4L, 0), (model.Backend.Executions, model.Statistics.Failures(FailureReason.Backend), model.Served.Cache!.Flights));
    }

    [Fact]
    public async Task LeaderThatTimesOutInTheQueue_TakesOnlyThoseWithItThatHaveWaitedAsLong()
    {
        var time = new FakeTimeProvider();
        await using var model = Make(time: time, defaultTimeout: TimeSpan.FromSeconds(10));
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 1), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var first = InferAsync(model, "0");
        var second = InferAsync(model, "1");
        time.Advance(TimeSpan.FromSeconds(8));
        var third = InferAsync(model, "2");
        time.Advance(TimeSpan.FromSeconds(3));
        gate.Open();

        (await SucceedAsync(blocker)).Dispose();
        Assert.Contains("timeout", (await first.WaitAsync(TestTimeouts.Phase, Token)).Error!.Message, StringComparison.Ordinal);
        Assert.Contains("timeout", (await second.WaitAsync(TestTimeouts.Phase, Token)).Error!.Message, StringComparison.Ordinal);
        (await SucceedAsync(third)).Dispose();
        Assert.Equal(2L, model.Statistics.Failures(FailureReason.Rejected));
    }

    [Fact]
    public async Task LeaderThatIsRefused_IsRefusedAlone()
    {
        await using var model = Make(maxQueueSize: 1);
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 1), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var queued = model.Engine.InferAsync(model.Rows(1, 2), Token).AsTask();
        var refused = await InferAsync(model, "0");

        Assert.Equal((ErrorCode.Unavailable, false), (refused.Error!.Code, refused.WasAccepted));
        Assert.Equal((0, 1L), (model.Served.Cache!.Flights - 2, model.Statistics.Refusals(RefusalReason.QueueFull)));
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        (await SucceedAsync(queued)).Dispose();
    }

    [Fact]
    public async Task MoreThanMayWait_GoTheirOwnWay()
    {
        await using var model = Make(maxWaiting: 2);
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = InferAsync(model, "0");
        await gate.WaitForArrivalAsync();
        var others = Enumerable.Range(1, 4).Select(i => InferAsync(model, $"{i}")).ToArray();

        Assert.Equal((2, 2), (model.Served.Cache!.WaitingRequests, model.Scheduler.ReadLoad().Requests));
        gate.Open();
        foreach (var task in others.Prepend(first))
        {
            (await SucceedAsync(task)).Dispose();
        }

        Assert.Equal((5L, 2L), (model.Statistics.Successes, model.Statistics.CacheHits.Count));
    }

    [Fact]
    public async Task RequestsWithOtherOutputs_WaitForNobody()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = InferAsync(model, "0");
        await gate.WaitForArrivalAsync();
        var other = model.Engine.InferAsync(model.Rows(2, 7), Token).AsTask();

        Assert.Equal((0, 1), (model.Served.Cache!.WaitingRequests, model.Scheduler.ReadLoad().Requests));
        gate.Open();
        (await SucceedAsync(first)).Dispose();
        (await SucceedAsync(other)).Dispose();
    }

    [Fact]
    public async Task Unload_WaitsForThoseThatWait()
    {
        await using var model = Make();
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = InferAsync(model, "0");
        await gate.WaitForArrivalAsync();
        var second = InferAsync(model, "1");
        Assert.False(await model.UnloadAsync(TimeSpan.FromMilliseconds(1)));
        gate.Open();
        (await SucceedAsync(first)).Dispose();
        (await SucceedAsync(second)).Dispose();

        await model.Unloading.WaitAsync(TestTimeouts.Phase, Token);
    }

    private static ServedModelFixture Make(long bytes = 1 << 20, TimeProvider? time = null, TimeSpan defaultTimeout = default, int maxQueueSize = 1000, int maxWaiting = 1000) =>
        new(cache: new LocalResponseCache(bytes), time: time, defaultTimeout: defaultTimeout, maxQueueSize: maxQueueSize, maxWaiting: maxWaiting);

    private static Task<InferenceOutcome> InferAsync(ServedModelFixture model, string id, CancellationToken? client = null) =>
        model.Engine.InferAsync(model.Rows(1, 7, id), client ?? Token).AsTask();
}
