using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static InferenceServer.Core.Tests.Scheduling.SchedulingFixture;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>Small models that are run by the thread which brings the request.</summary>
public sealed class CallerExecutionTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMicroseconds(100);

    private readonly FakeTimeProvider _time = new();
    private int _threadOfLast;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SmallModel_WhoseCostIsKnown_RunsOnTheCallersThread()
    {
        await using var model = Make();
        await LearnAsync(model);

        var answer = model.Engine.InferAsync(model.Rows(1, 3f, "a"), Token);

        Assert.True(answer.IsCompleted);
        Assert.Equal(Environment.CurrentManagedThreadId, _threadOfLast);
        using var response = await SucceedAsync(answer);
        Assert.Equal(("a", 3f), (response.Id, TestTensor.Read<float>(response.Outputs[0])[0]));
        Assert.Equal((3, 3), (model.Statistics.Successes, model.Statistics.Releases(ReleaseReason.LaneIdle)));
        Assert.False(model.Lanes[0].Progress.IsBusy);
    }

    [Fact]
    public async Task Limit_OfZero_HandsEverythingOver()
    {
        await using var model = Make(limit: TimeSpan.Zero);
        await LearnAsync(model);

        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 3f), Token))).Dispose();

        Assert.NotEqual(Environment.CurrentManagedThreadId, _threadOfLast);
    }

    /// <summary>What was small and is no more keeps one caller once, and those after him are handed over.</summary>
    [Fact]
    public async Task Model_ThatHasBecomeSlow_IsHandedOverAgain()
    {
        await using var model = Make();
        await LearnAsync(model);
        model.Backend.Execute = batch =>
        {
            _threadOfLast = Environment.CurrentManagedThreadId;
            _time.Advance(TimeSpan.FromMilliseconds(50));
            FakeBackend.EchoFirst(batch);
        };
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Dispose();
        Assert.Equal(Environment.CurrentManagedThreadId, _threadOfLast);

        await Task.Run(
            async () =>
            {
                var own = Environment.CurrentManagedThreadId;
                (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Dispose();
                Assert.NotEqual(own, _threadOfLast);
            },
            Token);
    }

    [Fact]
    public async Task Rows_ThatWereNeverRun_AreHandedOver()
    {
        await using var model = Make();
        await LearnAsync(model);

        (await SucceedAsync(model.Engine.InferAsync(model.Rows(5, 1f), Token))).Dispose();

        Assert.NotEqual(Environment.CurrentManagedThreadId, _threadOfLast);
    }

    /// <summary>The number of rows says little of a model whose other dimensions are free.</summary>
    [Fact]
    public async Task Inputs_LargerThanAnyThatWereSmall_AreHandedOver()
    {
        await using var model = new ServedModelFixture(
            [ServedModelFixture.Tensor("X", TensorDataType.Fp32, 8, -1)], [ServedModelFixture.Tensor("Y", TensorDataType.Fp32, 8, -1)], time: _time, idleTimeout: TimeSpan.FromHours(1), maxCallerExecution: s_limit);
        Script(model);
        foreach (var (width, isHandedOver) in ((int, bool)[])[(4, true), (4, true), (4, false), (5, true), (5, false), (2, false)])
        {
            var request = model.Request();
            request.AddInput(TestTensor.Of<float>(model.Pool, "X", TensorDataType.Fp32, new(1, width), new float[width]));
            var own = Environment.CurrentManagedThreadId;
            var answer = model.Engine.InferAsync(request, Token);
            Assert.Equal(!isHandedOver, answer.IsCompleted && _threadOfLast == own);
            (await SucceedAsync(answer)).Dispose();
            await Waiting.UntilAsync(() => model.Lanes[0].IsThreadWaiting);
        }
    }

    [Fact]
    public async Task Client_ThatHasGone_IsNotServed()
    {
        await using var model = Make();
        await LearnAsync(model);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        Assert.Equal(ErrorCode.Cancelled, (await FailAsync(model.Engine.InferAsync(model.Rows(1, 1f), gone.Token))).Code);
        Assert.Equal(2, model.Backend.Executions);
    }

    [Fact]
    public async Task Client_ThatGoesWhileItIsRun_HasItCancelled()
    {
        await using var model = Make();
        await LearnAsync(model);
        var gate = model.Backend.Gate = new ExecutionGate();
        using var leaving = new CancellationTokenSource();
        var caller = Task.Run(() => model.Engine.InferAsync(model.Rows(1, 1f), leaving.Token).AsTask(), Token);
        await gate.WaitForArrivalAsync();
        Assert.True(model.Lanes[0].IsLent);

        // The gate ends with the batch's cancellation, not by being opened.
        await leaving.CancelAsync();

        Assert.Equal(ErrorCode.Cancelled, (await FailAsync(await caller.ContinueWith(static task => task, TaskScheduler.Default))).Code);
        gate.Open();
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
    }

    [Fact]
    public async Task Request_ThatIsToWaitForCompany_Waits()
    {
        await using var model = Make(delay: TimeSpan.FromSeconds(1));
        await LearnAsync(model, advance: TimeSpan.FromSeconds(2));

        var first = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        Assert.False(first.IsCompleted);
        var second = model.Engine.InferAsync(model.Rows(7, 2f), Token).AsTask();

        (await SucceedAsync(first)).Dispose();
        (await SucceedAsync(second)).Dispose();
        Assert.Equal(1, model.Statistics.Releases(ReleaseReason.Full));
    }

    /// <summary>A thread that waits with others for company, or has been called for them and has not come, need not be waited for by whoever makes the batch full.</summary>
    [Fact]
    public async Task Requests_ThatWait_AreRunByWhoeverEndsTheirWait()
    {
        await using var model = Make(maxBatchSize: 2, delay: TimeSpan.FromSeconds(1));
        await LearnAsync(model, advance: TimeSpan.FromSeconds(2));
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(2, 1f), Token))).Dispose();
        Assert.NotEqual(Environment.CurrentManagedThreadId, _threadOfLast);
        await Waiting.UntilAsync(() => model.Lanes[0].IsThreadWaiting);

        var first = model.Engine.InferAsync(model.Rows(1, 2f), Token).AsTask();
        Assert.False(first.IsCompleted);
        var second = model.Engine.InferAsync(model.Rows(1, 3f), Token);

        Assert.True(second.IsCompleted);
        Assert.Equal(Environment.CurrentManagedThreadId, _threadOfLast);
        using var answer = await SucceedAsync(first);
        Assert.Equal(2f, TestTensor.Read<float>(answer.Outputs[0])[0]);
        using var other = await SucceedAsync(second);
        Assert.Equal(3f, TestTensor.Read<float>(other.Outputs[0])[0]);
        Assert.False(model.Lanes[0].IsLent);

        // The thread is there as before.
        var alone = model.Engine.InferAsync(model.Rows(1, 4f), Token).AsTask();
        await Waiting.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            return alone.IsCompleted;
        });
        (await SucceedAsync(alone)).Dispose();
        Assert.NotEqual(Environment.CurrentManagedThreadId, _threadOfLast);
    }

    /// <summary>Who comes while a caller has the lane waits; the caller runs some of them, and a thread of the lane the others.</summary>
    [Fact]
    public async Task Requests_ThatComeMeanwhile_AreAllAnswered()
    {
        await using var model = Make(maxBatchSize: 1);
        await LearnAsync(model);
        var gate = model.Backend.Gate = new ExecutionGate();
        var caller = Task.Run(async () => (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Dispose(), Token);
        await gate.WaitForArrivalAsync();
        var others = Enumerable.Range(1, 10).Select(i => model.Engine.InferAsync(model.Rows(1, i), Token).AsTask()).ToArray();
        Assert.All(others, static other => Assert.False(other.IsCompleted));

        gate.Open();

        await caller;
        for (var i = 0; i < others.Length; i++)
        {
            using var response = await SucceedAsync(others[i]);
            Assert.Equal(i + 1, TestTensor.Read<float>(response.Outputs[0])[0]);
        }

        Assert.Equal(13, model.Statistics.Successes);
    }

    [Fact]
    public async Task Failure_IsThatOfTheRequest_AndTheLaneIsGivenBack()
    {
        await using var model = Make();
        await LearnAsync(model);
        model.Backend.Execute = static _ => throw new InvalidOperationException("no");

        Assert.Contains("no", (await FailAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Message, StringComparison.Ordinal);

        // What has failed is for the lane's thread for a while.
        Script(model);
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Dispose();
        Assert.NotEqual(Environment.CurrentManagedThreadId, _threadOfLast);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lane_ThatIsRetiredWhileACallerHasIt_IsFreedWhenHeGivesItBack(bool hasThread)
    {
        await using var model = Make(idle: hasThread ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(1));
        await LearnAsync(model);
        if (!hasThread)
        {
            await Waiting.UntilAsync(() =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return !model.Lanes[0].HasThread;
            });
        }

        var gate = model.Backend.Gate = new ExecutionGate();
        var caller = Task.Run(async () => (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Dispose(), Token);
        await gate.WaitForArrivalAsync();
        Assert.True(model.Lanes[0].IsLent);
        model.Scheduler.Retune(CallerRules(model, s_limit), [model.MakeLane()], [model.Lanes[0]]);
        Assert.Equal(2, model.Backend.LivingInstances);
        gate.Open();
        await caller;
        await Waiting.UntilAsync(() => model.Backend.LivingInstances == 1);
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Dispose();
    }

    [Fact]
    public async Task Stop_WaitsForTheCallerWhoHasTheLane()
    {
        var model = Make();
        await LearnAsync(model);
        var gate = model.Backend.Gate = new ExecutionGate();
        var caller = Task.Run(async () => (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 0f), Token))).Dispose(), Token);
        await gate.WaitForArrivalAsync();

        var stopping = model.Scheduler.StopAsync();
        Assert.False(stopping.IsCompleted);
        gate.Open();

        await caller;
        await stopping.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(0, model.Backend.LivingInstances);
    }

    /// <summary>Many threads, several lanes, all at once: an instance is run by one thread at a time, and nobody is forgotten.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 8)]
    [InlineData(3, 8)]
    public async Task ManyCallers_AreAllAnswered(int lanes, int maxBatchSize)
    {
        await using var model = new ServedModelFixture(maxBatchSize: maxBatchSize, lanes: lanes, maxCallerExecution: TimeSpan.FromSeconds(1), maxQueueSize: 100_000);
        var random = new Random(7);
        model.Backend.Execute = batch =>
        {
            lock (random)
            {
                if (random.Next(50) == 0)
                {
                    Thread.SpinWait(20_000);
                }
            }

            FakeBackend.EchoFirst(batch);
        };
        var callers = Enumerable.Range(0, 6).Select(caller => Task.Run(
            async () =>
            {
                for (var i = 0; i < 1_000; i++)
                {
                    using var response = await SucceedAsync(model.Engine.InferAsync(model.Rows(1, (caller * 1_000) + i), Token)).WaitAsync(TestTimeouts.Phase, Token);
                    Assert.Equal((caller * 1_000) + i, TestTensor.Read<float>(response.Outputs[0])[0]);
                }
            },
            Token));

        await Task.WhenAll(callers);

        Assert.Equal(6_000, model.Statistics.Successes);
    }

    private ServedModelFixture Make(TimeSpan? limit = null, int maxBatchSize = 8, TimeSpan delay = default, TimeSpan? idle = null)
    {
        var model = new ServedModelFixture(time: _time, maxBatchSize: maxBatchSize, maxDelay: delay, idleTimeout: idle ?? TimeSpan.FromHours(1), maxCallerExecution: limit ?? s_limit);
        Script(model);
        return model;
    }

    private void Script(ServedModelFixture model) =>
        model.Backend.Execute = batch =>
        {
            // As little as the clock can tell, which is what it also takes to wake a thread here.
            _time.Advance(TimeSpan.FromTicks(1));
            _threadOfLast = Environment.CurrentManagedThreadId;
            FakeBackend.EchoFirst(batch);
        };

    /// <summary>Twice over a thread of the lane: once to know what an execution costs, once what it costs to wake a thread that waits.</summary>
    private async Task LearnAsync(ServedModelFixture model, TimeSpan advance = default)
    {
        for (var i = 0; i < 2; i++)
        {
            var answer = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
            await Waiting.UntilAsync(() =>
            {
                _time.Advance(advance);
                return answer.IsCompleted;
            });
            (await SucceedAsync(answer)).Dispose();
            Assert.NotEqual(Environment.CurrentManagedThreadId, _threadOfLast);
            await Waiting.UntilAsync(() => model.Lanes[0].IsThreadWaiting);
        }
    }
}
