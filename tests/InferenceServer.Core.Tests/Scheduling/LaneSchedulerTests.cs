using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static InferenceServer.Core.Tests.Scheduling.SchedulingFixture;

namespace InferenceServer.Core.Tests.Scheduling;

public sealed class LaneSchedulerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoneRequest_RunsAtOnceWithItsOwnRows()
    {
        await using var model = new ServedModelFixture();
        using var response = await SucceedAsync(model.Engine.InferAsync(model.Rows(3, 7f, "a"), Token));
        Assert.Equal("a", response.Id);
        Assert.Equal("m", response.ModelName);
        Assert.Equal(1, response.ModelVersion);
        Assert.Equal([3, 4], response.Outputs[0].Shape.AsSpan());
        Assert.All(TestTensor.Read<float>(response.Outputs[0]), static value => Assert.Equal(7f, value));
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.LaneIdle));
    }

    [Fact]
    public async Task RequestsThatArriveWhileTheLaneIsBusy_ShareTheNextExecution()
    {
        await using var model = new ServedModelFixture();
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var others = Enumerable.Range(1, 5).Select(i => model.Engine.InferAsync(model.Rows(i % 2 + 1, i), Token).AsTask()).ToArray();
        gate.Open();
        (await SucceedAsync(first)).Dispose();
        for (var i = 0; i < others.Length; i++)
        {
            using var response = await SucceedAsync(others[i]);
            Assert.Equal((i + 1) % 2 + 1, response.Outputs[0].Shape[0]);
            Assert.All(TestTensor.Read<float>(response.Outputs[0]), value => Assert.Equal(i + 1, value));
        }

        Assert.Equal(2, model.Backend.Executions);
        Assert.Equal(6, model.Statistics.Successes);
        Assert.Equal(1 + 2 + 1 + 2 + 1 + 2, model.Statistics.Inferences);
        Assert.Equal(2, model.Statistics.Executions);
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.Full));
    }

    [Fact]
    public async Task RequestOfOtherShape_EndsTheBatch()
    {
        await using var model = new ServedModelFixture(
            [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Fp32, 8, -1)],
            [ServedModelFixture.Tensor("Y", Abstractions.Tensors.TensorDataType.Fp32, 8, -1)]);
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(Ragged(model, 4), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var pending = new[] { 4, 4, 5, 4 }.Select(width => model.Engine.InferAsync(Ragged(model, width), Token).AsTask()).ToArray();
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        foreach (var task in pending)
        {
            (await SucceedAsync(task)).Dispose();
        }

        Assert.Equal(4, model.Backend.Executions);
        Assert.Equal(2, model.Statistics.Releases(ReleaseReason.ShapeMismatch));

        static InferenceRequest Ragged(ServedModelFixture model, int width)
        {
            var request = model.Request();
            request.AddInput(TestTensor.Of<float>(model.Pool, "X", Abstractions.Tensors.TensorDataType.Fp32, new(1, width), new float[width]));
            return request;
        }
    }

    [Fact]
    public async Task QueuedRequestWhoseClientLeaves_IsNeverExecutedAndItsNeighboursAre()
    {
        await using var model = new ServedModelFixture();
        var gate = model.Backend.Gate = new ExecutionGate();
        using var leaving = new CancellationTokenSource();
        var rowsSeen = new List<int>();
        model.Backend.Execute = batch =>
        {
            rowsSeen.Add(batch.Rows);
            FakeBackend.EchoFirst(batch);
        };
        var blocker = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var left = model.Engine.InferAsync(model.Rows(1, 1f), leaving.Token).AsTask();
        var gone = model.Engine.InferAsync(model.Rows(2, 2f), leaving.Token).AsTask();
        var right = model.Engine.InferAsync(model.Rows(1, 3f), Token).AsTask();
        await leaving.CancelAsync();
        Assert.Equal(ErrorCode.Cancelled, (await FailAsync(left)).Code);
        Assert.Equal(ErrorCode.Cancelled, (await FailAsync(gone)).Code);
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        using var response = await SucceedAsync(right);
        Assert.Equal(3f, TestTensor.Read<float>(response.Outputs[0])[0]);
        Assert.Equal([1, 1], rowsSeen);
        Assert.Equal(2, model.Statistics.Failures(FailureReason.Cancelled));
    }

    [Fact]
    public async Task ExecutionThatNobodyWaitsFor_IsCancelled()
    {
        await using var model = new ServedModelFixture();
        var gate = model.Backend.Gate = new ExecutionGate();
        using var leaving = new CancellationTokenSource();
        var running = model.Engine.InferAsync(model.Rows(1, 1f), leaving.Token).AsTask();
        await gate.WaitForArrivalAsync();

        // The gate ends with the batch's cancellation, not by being opened.
        await leaving.CancelAsync();
        Assert.Equal(ErrorCode.Cancelled, (await FailAsync(running)).Code);
        gate.Open();
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
    }

    [Fact]
    public async Task ExecutionThatOneStillWaitsFor_GoesOn()
    {
        await using var model = new ServedModelFixture();
        var gate = model.Backend.Gate = new ExecutionGate();
        using var leaving = new CancellationTokenSource();
        var blocker = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var leaver = model.Engine.InferAsync(model.Rows(1, 1f), leaving.Token).AsTask();
        var stayer = model.Engine.InferAsync(model.Rows(1, 2f), Token).AsTask();
        gate.PassOne();
        await gate.WaitForArrivalAsync();
        await leaving.CancelAsync();
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        Assert.Equal(ErrorCode.Cancelled, (await FailAsync(leaver)).Code);
        using var response = await SucceedAsync(stayer);
        Assert.Equal(2f, TestTensor.Read<float>(response.Outputs[0])[0]);
    }

    [Fact]
    public async Task RequestWhoseClientHasLeftAlready_IsRefused()
    {
        await using var model = new ServedModelFixture();
        Assert.Equal(ErrorCode.Cancelled, (await FailAsync(model.Engine.InferAsync(model.Rows(1, 1f), new CancellationToken(true)))).Code);
        Assert.Equal(0, model.Backend.Executions);
    }

    [Fact]
    public async Task FullQueue_RefusesAtOnceAndServesAgainLater()
    {
        await using var model = new ServedModelFixture(maxQueueSize: 2);
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var accepted = Enumerable.Range(0, 2).Select(_ => model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask()).ToArray();
        var error = await FailAsync(model.Engine.InferAsync(model.Rows(1, 2f, "late"), Token));
        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Contains("[request id: late] Exceeds maximum queue size", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsRetryable);
        gate.Open();
        foreach (var task in accepted.Append(blocker))
        {
            (await SucceedAsync(task)).Dispose();
        }

        Assert.Equal((0, 1), (model.Statistics.Failures(FailureReason.Rejected), model.Statistics.Refusals(RefusalReason.QueueFull)));
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 2f), Token))).Dispose();
    }

    [Fact]
    public async Task QueueOfBytes_IsBoundedToo()
    {
        await using var model = new ServedModelFixture(maxQueueBytes: 100);
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var accepted = model.Engine.InferAsync(model.Rows(6, 1f), Token).AsTask();
        Assert.Equal(ErrorCode.Unavailable, (await FailAsync(model.Engine.InferAsync(model.Rows(1, 2f), Token))).Code);
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        (await SucceedAsync(accepted)).Dispose();
    }

    [Fact]
    public async Task BackendThatThrows_FailsItsBatchOnly()
    {
        await using var model = new ServedModelFixture();
        model.Backend.Execute = static _ => throw new BackendException(ErrorCode.InvalidArgument, "index 99 is out of bounds");
        var error = await FailAsync(model.Engine.InferAsync(model.Rows(1, 1f, "q"), Token));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal("[request id: q] index 99 is out of bounds", error.Message);
        model.Backend.Execute = static _ => throw new InvalidOperationException("secret detail");
        error = await FailAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token));
        Assert.Equal(ErrorCode.Internal, error.Code);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        model.Backend.Execute = FakeBackend.EchoFirst;
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
        Assert.Equal(2, model.Statistics.Failures(FailureReason.Backend));
    }

    [Theory]
    [InlineData(3, "expected 2 rows")]
    [InlineData(1, "expected 2 rows")]
    public async Task OutputWithOtherRows_FailsNamingTheOutput(int rows, string words)
    {
        await using var model = new ServedModelFixture();
        model.Backend.Execute = batch => batch.AllocateOutput(0, new(rows, 4), rows * 16);
        var error = await FailAsync(model.Engine.InferAsync(model.Rows(2, 1f), Token));
        Assert.Contains("'Y'", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutputThatIsMissing_FailsNamingTheOutput()
    {
        await using var model = new ServedModelFixture();
        model.Backend.Execute = static _ => { };
        Assert.Contains("no output 'Y'", (await FailAsync(model.Engine.InferAsync(model.Rows(2, 1f), Token))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delay_HoldsALoneRequestUntilItHasPassed()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxDelay: TimeSpan.FromSeconds(5), time: time);
        var pending = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await StepUntilAsync(time, TimeSpan.FromSeconds(1), () => pending.IsCompleted, atLeast: TimeSpan.FromSeconds(5));
        (await SucceedAsync(pending)).Dispose();
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.DelayExpired));
    }

    [Fact]
    public async Task Delay_EndsWhenTheBatchIsFull()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxDelay: TimeSpan.FromHours(1), time: time);
        var first = model.Engine.InferAsync(model.Rows(4, 1f), Token).AsTask();
        var second = model.Engine.InferAsync(model.Rows(4, 2f), Token).AsTask();
        (await SucceedAsync(first)).Dispose();
        (await SucceedAsync(second)).Dispose();
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.Full));
    }

    [Fact]
    public async Task Drain_ReleasesWhatWaitsForCompany()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxDelay: TimeSpan.FromHours(1), time: time);
        var waiting = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        var unload = model.UnloadAsync();
        (await SucceedAsync(waiting)).Dispose();
        Assert.True(await unload);
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.Drain));
    }

    [Fact]
    public async Task Deadline_ThatPassesInTheQueue_IsNeverExecuted()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(time: time);
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var request = model.Rows(1, 1f);
        request.Deadline = time.GetUtcNow() + TimeSpan.FromSeconds(1);
        var late = model.Engine.InferAsync(request, Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(2));
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        Assert.Equal(ErrorCode.DeadlineExceeded, (await FailAsync(late)).Code);
        Assert.Equal(1, model.Backend.Executions);
    }

    [Theory]
    [InlineData(false, 0, 4, true)]
    [InlineData(false, 0, 6, false)]
    [InlineData(true, 2_000_000, 3, false)]
    [InlineData(true, 9_000_000, 4, true)]
    [InlineData(true, 9_000_000, 6, false)]
    [InlineData(false, 2_000_000, 3, true)]
    public async Task QueueTimeout_CountsTheShorterOfTheAllowed(bool allowOverride, ulong requestedMicroseconds, int secondsPassed, bool isServed)
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(defaultTimeout: TimeSpan.FromSeconds(5), allowTimeoutOverride: allowOverride, time: time);
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var request = model.Rows(1, 1f);
        if (requestedMicroseconds > 0)
        {
            request.Parameters["timeout"] = ParameterValue.FromUInt64(requestedMicroseconds);
        }

        var waiting = model.Engine.InferAsync(request, Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(secondsPassed));
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        var outcome = await waiting.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(isServed, outcome.IsSuccess);
        outcome.Response?.Dispose();
        Assert.Equal(isServed ? 0 : 1, model.Statistics.Failures(FailureReason.Rejected));

        // Who has waited no longer than he wanted to has no reason to blame the model.
        Assert.Equal(!isServed && secondsPassed < 5, outcome.Error?.IsCallersLimit ?? false);
    }

    [Fact]
    public async Task LaneThatIsExpected_WaitsForItsFirstRequest_AndNoLongerThanOthers()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(idleTimeout: TimeSpan.FromSeconds(10), time: time);
        model.Scheduler.Expect();
        Assert.True(model.Lanes[0].HasThread);
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
        await StepUntilAsync(time, TimeSpan.FromSeconds(1), () => !model.Lanes[0].HasThread, atLeast: TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task IdleLane_GivesItsThreadUpAndComesBack()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(idleTimeout: TimeSpan.FromSeconds(10), time: time);
        Assert.False(model.Lanes[0].HasThread);
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
        Assert.True(model.Lanes[0].HasThread);
        await StepUntilAsync(time, TimeSpan.FromSeconds(1), () => !model.Lanes[0].HasThread, atLeast: TimeSpan.FromSeconds(10));
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
        Assert.True(model.Lanes[0].HasThread);
    }

    [Fact]
    public async Task IdleLaneWhoseTimerFiresEarly_GivesItsThreadUpAllTheSame()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(idleTimeout: TimeSpan.FromSeconds(10), time: new EarlyTimerProvider(time, TimeSpan.FromMilliseconds(5)));
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
        await StepUntilAsync(time, TimeSpan.FromMilliseconds(999), () => !model.Lanes[0].HasThread, atLeast: TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(300)]
    [InlineData(3_000)]
    public async Task DelayOfLessThanATimerCanCount_ExpiresLikeAnyOther(int microseconds)
    {
        await using var model = new ServedModelFixture(maxDelay: TimeSpan.FromMicroseconds(microseconds));
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.DelayExpired));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(100_000_000)]
    public async Task DelayOfManyDays_IsHeldAndEndsWithTheDrain(int days)
    {
        var delay = days < 10_000_000 ? TimeSpan.FromDays(days) : TimeSpan.MaxValue;
        await using var model = new ServedModelFixture(maxDelay: delay, defaultTimeout: delay);
        var waiting = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await Task.Delay(20, Token);
        Assert.False(waiting.IsCompleted);
        var unload = model.UnloadAsync();
        (await SucceedAsync(waiting)).Dispose();
        Assert.True(await unload);
    }

    [Fact]
    public async Task ModelThatDidNotDrainInTime_IsFreedWhenItsLastUserHasGone()
    {
        await using var model = new ServedModelFixture();
        var response = await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token));
        Assert.False(await model.UnloadAsync(TimeSpan.FromMilliseconds(20)));
        Assert.Equal(1, model.Backend.LivingModels);
        response.Dispose();
        await model.Unloading.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(0, model.Backend.LivingModels);
    }

    [Fact]
    public async Task BackendWhoseMemoryCannotBeGivenBack_StillAnswers()
    {
        await using var model = new ServedModelFixture();
        model.Backend.Execute = batch =>
        {
            var own = model.Pool.Rent(16);
            batch.AdoptOutput(0, Abstractions.Tensors.TensorBuffer.Adopt(own.Pointer, 16, new ThrowingOwner(own)), new(1, 4));
            batch.AdoptOutput(0, Abstractions.Tensors.TensorBuffer.Adopt(own.Pointer, 16, new Owner()), new(1, 4));
        };
        var outcome = await model.Engine.InferAsync(model.Rows(1, 1f), Token);
        outcome.Response?.Dispose();
        model.Backend.Execute = FakeBackend.EchoFirst;
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
    }

    [Fact]
    public async Task TwoLanes_RunAtOnce()
    {
        await using var model = new ServedModelFixture(maxBatchSize: 0, lanes: 2, inputs: [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Fp32, 0, -1, 4)], outputs: [ServedModelFixture.Tensor("Y", Abstractions.Tensors.TensorDataType.Fp32, 0, -1, 4)]);
        var gate = model.Backend.Gate = new ExecutionGate();
        var pending = Enumerable.Range(0, 3).Select(i => model.Engine.InferAsync(model.Rows(1, i), Token).AsTask()).ToArray();
        await gate.WaitForArrivalAsync();
        await gate.WaitForArrivalAsync();
        Assert.Equal(1, model.Scheduler.ReadLoad().Requests);
        gate.Open();
        foreach (var task in pending)
        {
            (await SucceedAsync(task)).Dispose();
        }
    }

    [Fact]
    public async Task Unload_WaitsForTheSlowClientAndNobodyNewGetsIn()
    {
        await using var model = new ServedModelFixture();
        var response = await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token));
        var unload = model.UnloadAsync();
        Assert.False((await model.Engine.AcquireAsync("m", "", Token)).TryGet(out _, out var error));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.False(unload.IsCompleted);
        Assert.Equal(1, model.Backend.LivingModels);
        Assert.Equal(1f, TestTensor.Read<float>(response.Outputs[0])[0]);
        response.Dispose();
        Assert.True(await unload.WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(0, model.Backend.LivingModels);
    }

    [Fact]
    public async Task StoppingServer_RefusesNewRequests()
    {
        await using var model = new ServedModelFixture();
        model.Phase.BeginStop();
        Assert.False((await model.Engine.AcquireAsync("m", "", Token)).TryGet(out _, out var error));
        Assert.Equal(ErrorCode.Unavailable, error.Code);
    }

    private sealed class ThrowingOwner(IDisposable inner) : IDisposable
    {
        public void Dispose()
        {
            inner.Dispose();
            throw new InvalidOperationException("this memory cannot be given back");
        }
    }

    private sealed class Owner : IDisposable
    {
        public void Dispose()
        {
        }
    }

    /// <summary>Moves a fake clock on until something has happened; fails when it happens too early or never.</summary>
    private static async Task StepUntilAsync(FakeTimeProvider time, TimeSpan step, Func<bool> hasHappened, TimeSpan atLeast)
    {
        var start = time.GetUtcNow();
        var patience = DateTime.UtcNow + TestTimeouts.Phase;
        while (!hasHappened())
        {
            Assert.True(DateTime.UtcNow < patience, "what the clock should bring about never happened");
            await Task.Delay(2, Token);
            if (!hasHappened())
            {
                time.Advance(step);
            }
        }

        Assert.True(time.GetUtcNow() - start >= atLeast, $"it happened after {time.GetUtcNow() - start}, expected at least {atLeast}");
    }
}
