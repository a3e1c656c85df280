using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static InferenceServer.Core.Tests.Sequences.SequenceFixture;

namespace InferenceServer.Core.Tests.Sequences;

public sealed class SequenceSchedulerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, 4)]
    [InlineData(false, 4)]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    public async Task Steps_GoOnFromTheStateOfTheStepBefore(bool isDirect, int maxBatchSize)
    {
        await using var model = new SequenceFixture(isDirect ? Direct(2) : Oldest(2), maxBatchSize, start: 100);
        Assert.Equal(101, await model.StepAsync(7, 1, start: true));
        Assert.Equal(111, await model.StepAsync(8, 11, start: true));
        Assert.Equal(103, await model.StepAsync(7, 2));
        Assert.Equal(133, await model.StepAsync(8, 22, end: true));
        Assert.Equal(106, await model.StepAsync(7, 3, end: true));
        Assert.Equal(105, await model.StepAsync(7, 5, start: true, end: true));
        Assert.Equal(0, model.Scheduler.Counts.Active);
        Assert.Equal(6, model.Statistics.Inferences);
    }

    [Fact]
    public async Task Controls_TellTheModelOfTheSequence()
    {
        await using var model = new SequenceFixture();
        await model.StepAsync(9, 1, start: true);
        await model.StepAsync(9, 2);
        await model.StepAsync(9, 3, end: true);
        Assert.Equal([1, 0, 0], model.Seen.Select(static seen => seen.Start[0]));
        Assert.Equal([0f, 0f, 1f], model.Seen.Select(static seen => seen.End[0]));
        Assert.All(model.Seen, static seen => Assert.Equal((1, "9"), (seen.Ready[0], seen.Ids[0])));
    }

    [Fact]
    public async Task TextIds_AreOtherSequencesThanNumbers()
    {
        await using var model = new SequenceFixture(idType: TensorDataType.Bytes);
        Assert.Equal(1, await model.StepAsync("séance", 1, start: true));
        Assert.Equal(3, await model.StepAsync("séance", 2));
        Assert.Equal("séance", model.Seen[^1].Ids[0]);
        var error = await model.FailAsync(5, 1, start: true);
        Assert.Contains("'ID' data-type is 'UINT64', but model 'm' expects 'BYTES'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TensorDataType.Int32, 1L << 31)]
    [InlineData(TensorDataType.UInt32, 1L << 32)]
    [InlineData(TensorDataType.Int64, -1L)]
    public async Task IdThatDoesNotFitItsControl_IsRefused(TensorDataType type, long id)
    {
        await using var model = new SequenceFixture(idType: type);
        var error = await model.FailAsync(id, 1, start: true);
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains("too large", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NegativeId_IsTheUnsignedNumberOfItsBits()
    {
        await using var model = new SequenceFixture();
        await model.StepAsync(-3, 1, start: true);
        Assert.Equal("18446744073709551613", model.Seen[^1].Ids[0]);
    }

    [Fact]
    public async Task WrongRequests_SayWhatIsMissing()
    {
        await using var model = new SequenceFixture();
        Assert.Contains("must specify the START flag", (await model.FailAsync(1, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("non-zero or non-empty correlation ID", (await model.FailAsync(null, 1, start: true)).Message, StringComparison.Ordinal);
        Assert.Contains("non-zero or non-empty correlation ID", (await model.FailAsync(0, 1, start: true)).Message, StringComparison.Ordinal);
        Assert.Contains("non-zero or non-empty correlation ID", (await model.FailAsync("", 1, start: true)).Message, StringComparison.Ordinal);
        await model.StepAsync(1, 1, start: true, end: true);
        Assert.Contains("must specify the START flag", (await model.FailAsync(1, 1)).Message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (model.Scheduler.Counts.Active, model.Scheduler.ReadLoad().Requests));
        Assert.Equal(5, model.Statistics.Refusals(RefusalReason.Invalid));
    }

    [Fact]
    public async Task Direct_KeepsEverySequenceInItsRowAndLeavesEmptyRowsNotReady()
    {
        await using var model = new SequenceFixture(Direct(4));
        await model.StepAsync(1, 1, start: true);
        await model.StepAsync(2, 2, start: true);
        await model.StepAsync(3, 3, start: true);
        Assert.Equal(33, await model.StepAsync(3, 30));
        var seen = model.Seen[^1];
        Assert.Equal<byte>([0, 0, 1], seen.Ready);
        Assert.Equal([0, 0, 30], seen.Values);
        Assert.Equal([0, 0, 3], seen.States);
        Assert.Equal(["0", "0", "3"], seen.Ids);
        Assert.Equal(22, await model.StepAsync(2, 20));
        Assert.Equal<byte>([0, 1], model.Seen[^1].Ready);

        // The first row is free again and goes to whoever comes next.
        await model.StepAsync(1, 0, end: true);
        Assert.Equal(4, await model.StepAsync(4, 4, start: true));
        Assert.Equal<byte>([1], model.Seen[^1].Ready);
        Assert.Equal(33 + 1, await model.StepAsync(3, 1));

        // What has nothing to do is not counted.
        Assert.Equal(8, model.Statistics.Inferences);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RequestsSentWithoutWaiting_RunInOrderAndNeverTwoOfASequenceAtOnce(bool isDirect)
    {
        await using var model = new SequenceFixture(isDirect ? Direct(4) : Oldest(4));
        var gate = model.Backend.Gate = new ExecutionGate();
        var tasks = new List<Task<int>>();
        for (var step = 1; step <= 5; step++)
        {
            for (var id = 1; id <= 3; id++)
            {
                tasks.Add(model.StepAsync(id, step * id, start: step == 1, end: step == 5));
            }
        }

        await gate.WaitForArrivalAsync();
        gate.Open();
        var totals = await Task.WhenAll(tasks);
        for (var step = 1; step <= 5; step++)
        {
            for (var id = 1; id <= 3; id++)
            {
                Assert.Equal(step * (step + 1) / 2 * id, totals[((step - 1) * 3) + id - 1]);
            }
        }

        Assert.All(model.Seen, static seen => Assert.Equal(seen.Ids.Where((_, row) => seen.Ready[row] == 1).Distinct().Count(), seen.Ready.Count(static ready => ready == 1)));

        // The first ran alone or with what had come until then; what waited behind it ran together.
        Assert.InRange(model.Seen.Count, 5, 7);
    }

    [Fact]
    public async Task SequenceWithoutASlot_WaitsUntilOneEnds()
    {
        await using var model = new SequenceFixture(Oldest(1), maxBatchSize: 2);
        await model.StepAsync(1, 1, start: true);
        var second = model.StepAsync(2, 10, start: true);
        var third = model.StepAsync(3, 100, start: true, end: true);
        var more = model.StepAsync(2, 20, end: true);
        Assert.Equal((1, 2), (model.Scheduler.Counts.Active, model.Scheduler.Counts.Waiting));
        Assert.Equal(3, model.Scheduler.ReadLoad().Requests);
        Assert.False(second.IsCompleted);
        Assert.Equal(2, await model.StepAsync(1, 1));
        Assert.Equal(3, await model.StepAsync(1, 1, end: true));
        var answers = await Task.WhenAll(second, more, third);
        Assert.Equal([10, 30, 100], answers);
        Assert.Equal((0, 0), (model.Scheduler.Counts.Active, model.Scheduler.Counts.Waiting));
    }

    [Fact]
    public async Task SequenceThatMayNotWaitSoLong_IsRefusedAsAWhole()
    {
        var time = new FakeTimeProvider();
        await using var model = new SequenceFixture(Oldest(1) with { MaxIdle = TimeSpan.FromHours(1) }, time: time);
        await model.StepAsync(1, 1, start: true);
        var request = model.Request(2, 1, start: true);
        request.Parameters["timeout"] = ParameterValue.FromUInt64(50_000);
        var first = model.Engine.InferAsync(request, Token).AsTask();
        var second = model.FailAsync(2, 1);
        time.Advance(TimeSpan.FromMilliseconds(60));
        var error = (await first.WaitAsync(TestTimeouts.Phase, Token)).Error!;
        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Contains("timeout of the corresponding sequence has been expired", error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Unavailable, (await second).Code);
        Assert.Equal(ErrorCode.InvalidArgument, (await model.FailAsync(2, 1)).Code);
        Assert.Equal(2, await model.StepAsync(1, 1, end: true));
    }

    [Fact]
    public async Task IdleSequence_LosesItsSlotToOneThatWaits()
    {
        var time = new FakeTimeProvider();
        await using var model = new SequenceFixture(Oldest(1) with { MaxIdle = TimeSpan.FromSeconds(2) }, time: time);
        await model.StepAsync(1, 1, start: true);
        var waiting = model.StepAsync(2, 5, start: true, end: true);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await model.StepAsync(1, 1));
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(5, await waiting);
        Assert.Contains("START", (await model.FailAsync(1, 1)).Message, StringComparison.Ordinal);
        Assert.Equal(1, model.Scheduler.Counts.IdleEnded);
    }

    [Fact]
    public async Task RequestThatRuns_KeepsItsSequenceFromBeingIdle()
    {
        var time = new FakeTimeProvider();
        await using var model = new SequenceFixture(Oldest(1) with { MaxIdle = TimeSpan.FromSeconds(1) }, time: time);
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = model.StepAsync(1, 1, start: true);
        await gate.WaitForArrivalAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        gate.Open();
        Assert.Equal(1, await first);
        Assert.Equal(2, await model.StepAsync(1, 1, end: true));
    }

    [Fact]
    public async Task Restart_BeginsAnewInTheSameRow()
    {
        await using var model = new SequenceFixture(Direct(2), start: 7);
        await model.StepAsync(1, 1, start: true);
        await model.StepAsync(2, 1, start: true);
        await model.StepAsync(2, 1);
        Assert.Equal(8, await model.StepAsync(2, 1, start: true));
        Assert.Equal<byte>([0, 1], model.Seen[^1].Ready);
        Assert.Equal(9, await model.StepAsync(2, 1));
        Assert.Equal(2, model.Scheduler.Counts.Active);
    }

    [Fact]
    public async Task FailedStep_LeavesTheStateAsItWas()
    {
        await using var model = new SequenceFixture(start: 50);
        await model.StepAsync(1, 1, start: true);
        model.Backend.Execute = static _ => throw new BackendException("no");
        Assert.Contains("no", (await model.FailAsync(1, 1)).Message, StringComparison.Ordinal);
        model.Backend.Execute = model.Add;
        Assert.Equal(53, await model.StepAsync(1, 2));

        // Without its first step there is no sequence, not even the one that was there before.
        model.Backend.Execute = static _ => throw new BackendException("no");
        await model.FailAsync(1, 1, start: true);
        model.Backend.Execute = model.Add;
        Assert.Contains("START", (await model.FailAsync(1, 2)).Message, StringComparison.Ordinal);
        Assert.Equal(52, await model.StepAsync(1, 2, start: true));
    }

    [Fact]
    public async Task WaitingRequestThatIsCancelled_TakesThoseAfterItAlong()
    {
        await using var model = new SequenceFixture();
        var gate = model.Backend.Gate = new ExecutionGate();
        using var source = new CancellationTokenSource();
        var first = model.StepAsync(1, 1, start: true);
        await gate.WaitForArrivalAsync();
        var second = model.FailAsync(1, 2, client: source);
        var third = model.FailAsync(1, 3);
        await source.CancelAsync();
        Assert.Equal(ErrorCode.Cancelled, (await second).Code);
        Assert.Contains("one before it in its sequence", (await third).Message, StringComparison.Ordinal);
        gate.Open();
        Assert.Equal(1, await first);
        Assert.Equal(ErrorCode.InvalidArgument, (await model.FailAsync(1, 4)).Code);
        Assert.Equal((0, 0), (model.Scheduler.Counts.Active, model.Scheduler.ReadLoad().Requests));
        Assert.Equal(2, model.Statistics.Failures(FailureReason.Cancelled));
    }

    [Fact]
    public async Task RunningRequestThatIsCancelled_EndsItsSequence()
    {
        await using var model = new SequenceFixture(Oldest(1));
        var gate = model.Backend.Gate = new ExecutionGate();
        using var source = new CancellationTokenSource();
        var first = model.FailAsync(1, 1, start: true, client: source);
        await gate.WaitForArrivalAsync();
        var second = model.FailAsync(1, 2);
        var other = model.StepAsync(2, 3, start: true, end: true);
        await source.CancelAsync();
        gate.Open();
        Assert.Equal(ErrorCode.Cancelled, (await first).Code);
        Assert.Equal(ErrorCode.Cancelled, (await second).Code);
        Assert.Equal(3, await other);
        Assert.Equal(0, model.Scheduler.Counts.Active);
    }

    [Fact]
    public async Task CancelledSequenceInTheBacklog_LeavesIt()
    {
        await using var model = new SequenceFixture(Oldest(1));
        await model.StepAsync(1, 1, start: true);
        using var source = new CancellationTokenSource();
        var second = model.FailAsync(2, 1, start: true, client: source);
        Assert.Equal(1, model.Scheduler.Counts.Waiting);
        await source.CancelAsync();
        Assert.Equal(ErrorCode.Cancelled, (await second).Code);
        Assert.Equal(0, model.Scheduler.Counts.Waiting);
        Assert.Equal(2, await model.StepAsync(1, 1, end: true));
    }

    [Fact]
    public async Task MoreThanMayWait_IsRefusedAndTheSequenceGoesOn()
    {
        await using var model = new SequenceFixture(options: new SchedulerOptions { MaxQueueSize = 1 });
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = model.StepAsync(1, 1, start: true);
        await gate.WaitForArrivalAsync();
        var second = model.StepAsync(1, 2);
        var error = await model.FailAsync(1, 3);
        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Contains("maximum queue size", error.Message, StringComparison.Ordinal);
        gate.Open();
        var answers = await Task.WhenAll(first, second);
        Assert.Equal([1, 3], answers);
        Assert.Equal(6, await model.StepAsync(1, 3, end: true));
    }

    [Fact]
    public async Task MinimumSlotUtilization_WaitsForThatShareOfTheSequencesOrTheDelay()
    {
        var time = new FakeTimeProvider();
        await using var model = new SequenceFixture(Direct(4) with { MinimumSlotUtilization = 1, MaxQueueDelay = TimeSpan.FromSeconds(5), MaxIdle = TimeSpan.FromHours(1) }, time: time);
        await model.StepAsync(1, 1, start: true);
        var second = model.StepAsync(2, 2, start: true);
        Assert.False(second.IsCompleted);
        var first = model.StepAsync(1, 1);
        var answers = await Task.WhenAll(first, second);
        Assert.Equal([2, 2], answers);
        Assert.Equal(2, model.Statistics.Releases(ReleaseReason.Preferred));
        Assert.Equal<byte>([1, 1], model.Seen[^1].Ready);

        // One that has to wait does so no longer than the delay, and not at all once it is alone.
        var third = model.StepAsync(2, 2);
        var patience = Task.Delay(TestTimeouts.Phase, Token);
        while (!third.IsCompleted && !patience.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, Token);
        }

        Assert.Equal(4, await third);
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.DelayExpired));
        var last = model.StepAsync(1, 1, end: true);
        var fourth = model.StepAsync(2, 2);
        var later = await Task.WhenAll(last, fourth);
        Assert.Equal([3, 6], later);
        Assert.Equal(8, await model.StepAsync(2, 2));
    }

    [Fact]
    public async Task Oldest_WaitsForAPreferredSize()
    {
        await using var model = new SequenceFixture(Oldest(4, TimeSpan.FromHours(1), 2));
        var first = model.StepAsync(1, 1, start: true);
        Assert.False(first.IsCompleted);
        var second = model.StepAsync(2, 2, start: true);
        var answers = await Task.WhenAll(first, second);
        Assert.Equal([1, 2], answers);
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.Preferred));
    }

    [Fact]
    public async Task Sequences_StayWithTheirLane()
    {
        await using var model = new SequenceFixture(Direct(1), maxBatchSize: 0, lanes: 3);
        for (var round = 0; round < 4; round++)
        {
            for (var id = 1; id <= 3; id++)
            {
                var request = model.Request(id, 1, start: round == 0, end: round == 3);
                request.Parameters["explain"] = ParameterValue.FromBool(true);
                var outcome = await model.Engine.InferAsync(request, Token);
                using var response = outcome.Response!;
                Assert.Equal($"m_{id - 1}", response.Parameters["explain_lane"].ToString());
            }
        }
    }

    [Fact]
    public async Task Version_StaysUntilItsSequencesHaveEnded()
    {
        var time = new FakeTimeProvider();
        await using var model = new SequenceFixture(time: time);
        await model.StepAsync(1, 1, start: true);
        await model.StepAsync(2, 1, start: true);
        var last = model.Request(1, 5, end: true);
        var drained = model.Served.DrainAsync();
        var outcome = await model.Engine.InferAsync(last, Token);
        outcome.Response!.Dispose();
        Assert.True(outcome.IsSuccess);
        Assert.False(drained.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        await drained.WaitAsync(TestTimeouts.Phase, Token);
        await model.FreeAsync();
    }

    [Fact]
    public async Task ProcessThatEnds_GivesIdleSequencesUp()
    {
        await using var model = new SequenceFixture();
        await model.StepAsync(1, 1, start: true);
        var drained = model.Served.DrainAsync();
        Assert.False(drained.IsCompleted);
        model.Served.GiveUpSequences();
        Assert.True(drained.IsCompleted);
        await model.FreeAsync();
    }

    [Fact]
    public async Task StoppingServer_TakesTheRequestsOfSequencesThatHaveBegunAlone()
    {
        await using var model = new SequenceFixture();
        await model.StepAsync(1, 1, start: true);
        var late = model.Request(2, 1, start: true);
        model.Phase.BeginStop();
        Assert.Equal(3, await model.StepAsync(1, 2));
        var refused = await model.Engine.InferAsync(late, Token);
        Assert.Equal(ErrorCode.Unavailable, refused.Error!.Code);
        Assert.Equal(6, await model.StepAsync(1, 3, end: true));
        var outcome = await model.Engine.AcquireAsync("m", "", Token);
        Assert.False(outcome.TryGet(out _, out var error));
        Assert.Contains("stopping", error.Message, StringComparison.Ordinal);
    }
}
