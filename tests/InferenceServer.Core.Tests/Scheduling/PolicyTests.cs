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

/// <summary>Queue policies with the whole scheduler around them: whose answer comes, when, and why not.</summary>
public sealed class PolicyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HigherPriority_IsServedFirst()
    {
        await using var model = new ServedModelFixture(maxBatchSize: 1, inputs: [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], outputs: [ServedModelFixture.Tensor("Y", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)],
            queue: static rules => rules with { Levels = [new QueuePolicy(), new QueuePolicy()], DefaultLevel = 2 });
        var order = new List<float>();
        model.Backend.Execute = batch =>
        {
            order.Add(TestTensor.Read<float>(batch.Inputs[0])[0]);
            FakeBackend.EchoFirst(batch);
        };
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 0f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var others = new[] { (1f, 2ul), (2f, 0ul), (3f, 1ul), (4f, 7ul) }.Select(one => Prioritised(model, one.Item1, one.Item2)).ToArray();
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        foreach (var other in others)
        {
            (await SucceedAsync(other)).Dispose();
        }

        Assert.Equal([0f, 3f, 1f, 2f, 4f], order);
    }

    [Fact]
    public async Task PreservedOrder_HoldsAnswersBackUntilTheirTurn()
    {
        await using var model = new ServedModelFixture(lanes: 2, maxBatchSize: 1, inputs: [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], outputs: [ServedModelFixture.Tensor("Y", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], preservesOrdering: true);
        using var hold = new ManualResetEventSlim();
        using var started = new SemaphoreSlim(0);
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        model.Backend.Execute = batch =>
        {
            var value = TestTensor.Read<float>(batch.Inputs[0])[0];
            started.Release();
            if (value == 1f)
            {
                Assert.True(hold.Wait(TestTimeouts.Phase));
            }

            FakeBackend.EchoFirst(batch);
            if (value == 3f)
            {
                second.TrySetResult();
            }
        };
        var first = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await started.WaitAsync(Token);
        using var leaving = new CancellationTokenSource();
        var later = new[] { 2f, 3f }.Select(value => model.Engine.InferAsync(model.Rows(1, value), Token).AsTask()).ToArray();
        var gone = model.Engine.InferAsync(model.Rows(1, 9f), leaving.Token).AsTask();
        await second.Task.WaitAsync(TestTimeouts.Phase, Token);
        await leaving.CancelAsync();

        // Two have run, and whoever has gone has his answer; the others wait for the first one's.
        (await gone.WaitAsync(TestTimeouts.Phase, Token)).Response?.Dispose();
        Assert.DoesNotContain(later, static task => task.IsCompleted);
        hold.Set();
        using var response = await SucceedAsync(first);
        Assert.Equal(1f, TestTensor.Read<float>(response.Outputs[0])[0]);
        foreach (var (task, value) in later.Zip([2f, 3f]))
        {
            using var answer = await SucceedAsync(task);
            Assert.Equal(value, TestTensor.Read<float>(answer.Outputs[0])[0]);
        }
    }

    [Fact]
    public async Task DeadlineThatCannotBeMet_IsRefusedAtOnceAndSaysWhenToComeAgain()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxBatchSize: 1, inputs: [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], outputs: [ServedModelFixture.Tensor("Y", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], time: time);
        await LearnAsync(model, time, TimeSpan.FromSeconds(4));
        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        time.Advance(TimeSpan.FromSeconds(1));

        // Three seconds are left of what runs, and four to seven are its own: five are too few, twelve enough.
        var refused = await FailAsync(model.Engine.InferAsync(WithLimit(model, TimeSpan.FromSeconds(5)), Token));
        Assert.Equal(ErrorCode.DeadlineExceeded, refused.Code);
        Assert.Contains("cannot be met", refused.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(3), refused.RetryAfter);
        Assert.True(refused.IsCallersLimit && refused.IsRetryable);
        Assert.Equal(1, model.Statistics.Failures(FailureReason.Rejected));
        var accepted = model.Engine.InferAsync(WithLimit(model, TimeSpan.FromSeconds(12)), Token).AsTask();
        Assert.Equal(1, model.Scheduler.ReadLoad().Requests);
        gate.Open();
        (await SucceedAsync(running)).Dispose();
        (await SucceedAsync(accepted)).Dispose();
    }

    [Fact]
    public async Task TimeoutThatIsShorterThanTheWait_IsRefusedAtOnce()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(maxBatchSize: 1, inputs: [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], outputs: [ServedModelFixture.Tensor("Y", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], time: time, allowTimeoutOverride: true);
        await LearnAsync(model, time, TimeSpan.FromSeconds(4));
        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var refused = await FailAsync(model.Engine.InferAsync(WithTimeout(model, 3_900_000), Token));
        Assert.Equal(ErrorCode.Unavailable, refused.Code);
        Assert.Contains("Request timeout expired", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.IsCallersLimit);
        var accepted = model.Engine.InferAsync(WithTimeout(model, 4_100_000), Token).AsTask();
        gate.Open();
        (await SucceedAsync(running)).Dispose();
        (await SucceedAsync(accepted)).Dispose();
    }

    [Fact]
    public async Task WarmUp_TellsNothingOfTheTimeBetweenExecutions()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(time: time);
        model.Backend.Execute = batch =>
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            FakeBackend.EchoFirst(batch);
        };
        Assert.True(model.Served.Validator.TryPrepare(model.Rows(1, 1f), null, Token, out var warming, out _));
        warming.Membership = new BatchMembership(1);
        warming.EnqueuedTimestamp = time.GetTimestamp();
        model.Lanes[0].Warm([warming], isCounted: false);
        (await warming.Task).Response!.Dispose();

        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var accepted = model.Engine.InferAsync(WithLimit(model, TimeSpan.FromSeconds(5)), Token).AsTask();
        gate.Open();
        (await SucceedAsync(running)).Dispose();
        (await SucceedAsync(accepted)).Dispose();
    }

    [Fact]
    public async Task DeadlineThatPassesWhileTheModelRuns_CancelsTheExecution()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(time: time);
        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(WithLimit(model, TimeSpan.FromSeconds(5)), Token).AsTask();
        await gate.WaitForArrivalAsync();
        time.Advance(TimeSpan.FromSeconds(6));

        // The gate is not opened: it ends with the batch's cancellation.
        var error = await FailAsync(running);
        Assert.Equal(ErrorCode.DeadlineExceeded, error.Code);
        gate.Open();
    }

    [Fact]
    public async Task DeadlineWhoseTimerIsEarly_IsNoCancellation()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(time: new EarlyTimerProvider(time, TimeSpan.FromMilliseconds(5)));
        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(WithLimit(model, TimeSpan.FromSeconds(5)), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var waiting = model.Engine.InferAsync(WithLimit(model, TimeSpan.FromSeconds(5)), Token).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(4998));
        Assert.Equal(ErrorCode.DeadlineExceeded, (await FailAsync(running)).Code);
        Assert.Equal(ErrorCode.DeadlineExceeded, (await FailAsync(waiting)).Code);
        gate.Open();
    }

    [Fact]
    public async Task DeadlineThatPassesInTheQueue_EndsTheWaitThen()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(time: time);
        var gate = model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var waiting = model.Engine.InferAsync(WithLimit(model, TimeSpan.FromSeconds(5)), Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(ErrorCode.DeadlineExceeded, (await FailAsync(waiting)).Code);
        Assert.False(running.IsCompleted);
        gate.Open();
        (await SucceedAsync(running)).Dispose();
    }

    [Fact]
    public async Task RequestThatAsks_IsToldHowItWasScheduled()
    {
        var time = new FakeTimeProvider();
        await using var model = new ServedModelFixture(time: time);
        var gate = model.Backend.Gate = new ExecutionGate();
        var blocker = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var asking = model.Rows(3, 2f);
        asking.Parameters["explain"] = ParameterValue.FromBool(true);
        var asked = model.Engine.InferAsync(asking, Token).AsTask();
        var silent = model.Engine.InferAsync(model.Rows(5, 2f), Token).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(250));
        gate.Open();
        (await SucceedAsync(blocker)).Dispose();
        using var response = await SucceedAsync(asked);
        using var other = await SucceedAsync(silent);
        Assert.Empty(other.Parameters);
        Assert.Equal(
            "explain_batch_requests=2, explain_batch_rows=8, explain_infer_us=0, explain_input_us=0, explain_lane=m_0, explain_output_us=0, explain_queue_us=250000, explain_release=full",
            string.Join(", ", response.Parameters.OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => $"{one.Key}={one.Value}")));
    }

    [Fact]
    public async Task LatencyTarget_ServesManyCallersEachItsOwnRows()
    {
        await using var model = new ServedModelFixture(lanes: 2, latencyTarget: TimeSpan.FromMilliseconds(20));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                var value = (caller * 1000) + i;
                using var response = await SucceedAsync(model.Engine.InferAsync(model.Rows((i % 3) + 1, value), Token));
                Assert.Equal((i % 3) + 1, response.Outputs[0].Shape[0]);
                Assert.All(TestTensor.Read<float>(response.Outputs[0]), got => Assert.Equal(value, got));
            }
        })));
        Assert.Equal(800, model.Statistics.Successes);
    }

    private static Task<InferenceOutcome> Prioritised(ServedModelFixture model, float value, ulong priority)
    {
        var request = model.Rows(1, value);
        request.Parameters["priority"] = ParameterValue.FromUInt64(priority);
        return model.Engine.InferAsync(request, Token).AsTask();
    }

    private static InferenceRequest WithLimit(ServedModelFixture model, TimeSpan limit)
    {
        var request = model.Rows(1, 1f);
        request.TimeLimit = limit;
        return request;
    }

    private static InferenceRequest WithTimeout(ServedModelFixture model, ulong microseconds)
    {
        var request = model.Rows(1, 1f);
        request.Parameters["timeout"] = ParameterValue.FromUInt64(microseconds);
        return request;
    }

    /// <summary>Has one execution take as long as said.</summary>
    private static async Task LearnAsync(ServedModelFixture model, FakeTimeProvider time, TimeSpan cost)
    {
        model.Backend.Execute = batch =>
        {
            time.Advance(cost);
            FakeBackend.EchoFirst(batch);
        };
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Dispose();
        model.Backend.Execute = FakeBackend.EchoFirst;
    }
}
