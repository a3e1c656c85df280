using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>Rules and lanes that change while requests wait and run.</summary>
public sealed class RetuneTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddedLane_TakesWhatWaitsForTheOthers()
    {
        await using var model = new ServedModelFixture(maxBatchSize: 1);
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var second = model.Engine.InferAsync(model.Rows(1, 2f), Token).AsTask();
        await Waiting.UntilAsync(() => model.Scheduler.ReadLoad().Requests == 1);

        model.Scheduler.Retune(Rules(model, 1), [model.MakeLane()], []);

        await gate.WaitForArrivalAsync();
        Assert.Equal(0, model.Scheduler.ReadLoad().Requests);
        gate.Open();
        await SucceedAsync(first);
        await SucceedAsync(second);
    }

    [Fact]
    public async Task RetiredLane_FinishesItsBatchAndIsFreed()
    {
        await using var model = new ServedModelFixture(maxBatchSize: 1, lanes: 2);
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        var second = model.Engine.InferAsync(model.Rows(1, 2f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        await gate.WaitForArrivalAsync();
        var third = model.Engine.InferAsync(model.Rows(1, 3f), Token).AsTask();

        model.Scheduler.Retune(Rules(model, 1), [], [model.Lanes[0]]);

        Assert.Equal(2, model.Backend.LivingInstances);
        Assert.Equal([model.Lanes[1]], model.Scheduler.Lanes);
        gate.Open();
        await SucceedAsync(first);
        await SucceedAsync(second);
        await SucceedAsync(third);
        await Waiting.UntilAsync(() => model.Backend.LivingInstances == 1);
    }

    [Fact]
    public async Task RetiredLaneWithoutAThread_IsFreedAtOnce()
    {
        await using var model = new ServedModelFixture(lanes: 3);

        model.Scheduler.Retune(Rules(model, 8), [], [model.Lanes[0], model.Lanes[2]]);

        Assert.Equal(1, model.Backend.LivingInstances);
        await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask());
    }

    [Fact]
    public async Task LaneThatWaitsAndIsRetired_LeavesWhatComesToTheOthers()
    {
        await using var model = new ServedModelFixture(lanes: 2);
        await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask());
        var waiting = Array.Find(model.Lanes, static lane => lane.HasThread)!;

        model.Scheduler.Retune(Rules(model, 8), [], [waiting]);

        await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 2f), Token).AsTask());
        await Waiting.UntilAsync(() => model.Backend.LivingInstances == 1);
    }

    [Fact]
    public async Task ShorterDelay_HoldsForWhatWaits()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxDelay: TimeSpan.FromHours(1), preferred: [8], time: time);
        var waiting = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await Waiting.UntilAsync(() => model.Scheduler.ReadLoad().Requests == 1);

        model.Scheduler.Retune(Rules(model, 8), [], []);

        await SucceedAsync(waiting);
    }

    [Fact]
    public async Task OtherPreferredSize_IsAimedAtByWhatWaits()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxDelay: TimeSpan.FromHours(1), preferred: [8], time: time);
        var first = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        var second = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await Waiting.UntilAsync(() => model.Scheduler.ReadLoad().Requests == 2);

        model.Scheduler.Retune(Rules(model, 8) with { Limits = new BatchLimits(8, [2], time.ToTicks(TimeSpan.FromHours(1))) }, [], []);

        await SucceedAsync(first);
        await SucceedAsync(second);
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.Preferred));
    }

    [Fact]
    public async Task ShorterTimeout_HoldsForWhatWaitsAndOnlyNowRequestsMayShortenIt()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxBatchSize: 1, time: time);
        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var patient = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        var hasty = model.Rows(1, 2f);
        hasty.Parameters["timeout"] = ParameterValue.FromUInt64(1_000_000);
        var impatient = model.Engine.InferAsync(hasty, Token).AsTask();

        model.Scheduler.Retune(Rules(model, 1) with { Queue = new QueueRules { MaxRequests = 1000, Levels = [new QueuePolicy { Timeout = TimeSpan.FromSeconds(10) }] } }, [], []);
        time.Advance(TimeSpan.FromSeconds(2));
        gate.Open();

        await SucceedAsync(running);
        await SucceedAsync(patient);
        Assert.Equal(ErrorCode.Unavailable, (await impatient).Error!.Code);
    }

    [Fact]
    public async Task TimeoutThatIsTakenAway_LetsWhatWaitsWait()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxBatchSize: 1, time: time, defaultTimeout: TimeSpan.FromSeconds(1));
        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var waiting = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();

        model.Scheduler.Retune(Rules(model, 1), [], []);
        time.Advance(TimeSpan.FromSeconds(2));
        gate.Open();

        await SucceedAsync(running);
        await SucceedAsync(waiting);
    }

    [Fact]
    public async Task SmallerQueue_KeepsWhatWaitsAndRefusesWhatComes()
    {
        await using var model = new ServedModelFixture(maxBatchSize: 1);
        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var waiting = Enumerable.Range(0, 3).Select(i => model.Engine.InferAsync(model.Rows(1, i), Token).AsTask()).ToArray();

        model.Scheduler.Retune(Rules(model, 1) with { Queue = new QueueRules { MaxRequests = 2 } }, [], []);

        Assert.Equal(ErrorCode.Unavailable, (await model.Engine.InferAsync(model.Rows(1, 9f), Token)).Error!.Code);
        gate.Open();
        await SucceedAsync(running);
        await Task.WhenAll(waiting.Select(SucceedAsync));
    }

    [Fact]
    public async Task LanesThatComeAndGoUnderLoad_LoseNoRequest()
    {
        await using var model = new ServedModelFixture(maxBatchSize: 4, idleTimeout: TimeSpan.FromMilliseconds(1));
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask());
            }
        })).ToArray();
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var lanes = model.Scheduler.Lanes;
            var added = Enumerable.Range(0, random.Next(3)).Select(_ => model.MakeLane()).ToArray();
            var retired = lanes.Skip(added.Length > 0 ? random.Next(2) : 1).Take(random.Next(lanes.Count + 1)).ToArray();
            model.Scheduler.Retune(Rules(model, 4), added, retired);
            await Task.Yield();
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients).WaitAsync(TestTimeouts.Phase, Token);
        await Waiting.UntilAsync(() => model.Backend.LivingInstances == model.Scheduler.Lanes.Count);
    }

    private static LaneSchedulerSetup Rules(ServedModelFixture model, int maxRows) => new()
    {
        Limits = new BatchLimits(maxRows, [], 0),
        Queue = new QueueRules { MaxRequests = 1000 },
        Compatibility = new BatchCompatibility([]),
        MaxQueueBytes = 1 << 20,
        Time = model.Time,
        Statistics = model.Statistics,
    };

    private static async Task SucceedAsync(Task<InferenceOutcome> outcome)
    {
        var ended = await outcome.WaitAsync(TestTimeouts.Phase, Token);
        Assert.True(ended.IsSuccess, ended.Error?.Message);
        ended.Response!.Dispose();
    }
}
