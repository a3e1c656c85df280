using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static InferenceServer.Core.Tests.Scheduling.SchedulingFixture;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>Lanes beside those that a configuration asks for, for what takes next to nothing.</summary>
public sealed class SideLaneTests : IDisposable
{
    // The first value of a request that waits at the gate.
    private const float Held = -1;

    private static readonly TimeSpan s_limit = TimeSpan.FromMicroseconds(100);

    private readonly LaneClock _time = new();
    private readonly List<ExecutionGate> _gates = [new()];
    private int _threadOfLast;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ExecutionGate Gate => _gates[^1];

    public void Dispose() => _gates.ForEach(static gate => gate.Dispose());

    [Fact]
    public async Task Trifle_ThatFindsTheLaneTaken_RunsBesideIt()
    {
        await using var model = Make(most: 1);
        await LearnAsync(model, hop: TimeSpan.FromMilliseconds(1));
        await MakeSideAsync(model);
        var held = await HoldAsync(model);

        var answer = model.Engine.InferAsync(model.Rows(1, 5f), Token);

        Assert.True(answer.IsCompleted);
        Assert.Equal(Environment.CurrentManagedThreadId, _threadOfLast);
        using (var response = await SucceedAsync(answer))
        {
            Assert.Equal(5f, TestTensor.Read<float>(response.Outputs[0])[0]);
        }

        var load = model.Scheduler.ReadLoad();
        Assert.Equal((0, 2, 1), (load.Requests, load.Lanes, load.Running));
        Gate.Open();
        await held;
    }

    /// <summary>What costs as much as to hand it over is worth waiting for company.</summary>
    [Fact]
    public async Task Others_WaitForTheLane()
    {
        await using var model = Make(most: 1);
        await LearnAsync(model, hop: TimeSpan.Zero);
        var held = await HoldAsync(model);

        var answer = model.Engine.InferAsync(model.Rows(1, 5f), Token);

        Assert.False(answer.IsCompleted);
        Assert.Equal(1, model.Backend.LivingInstances);
        Gate.Open();
        await held;
        (await SucceedAsync(answer)).Dispose();
    }

    /// <summary>Nobody overtakes who waits already.</summary>
    [Fact]
    public async Task Trifle_BehindOneThatWaits_WaitsToo()
    {
        await using var model = Make(most: 1);
        await LearnAsync(model, hop: TimeSpan.FromMilliseconds(1));
        await MakeSideAsync(model);
        var held = await HoldAsync(model);

        // So many rows have never been run: that is for the thread of the lane.
        var large = model.Engine.InferAsync(model.Rows(64, 6f), Token).AsTask();
        var small = model.Engine.InferAsync(model.Rows(1, 5f), Token).AsTask();

        Assert.False(large.IsCompleted || small.IsCompleted);
        Gate.Open();
        await held;
        (await SucceedAsync(large)).Dispose();
        (await SucceedAsync(small)).Dispose();
    }

    [Fact]
    public async Task Lane_ThatCannotBeMade_IsDoneWithout()
    {
        await using var model = Make(most: 1);
        model.Backend.MakingInstance = static _ => throw new InvalidOperationException("no more");
        await LearnAsync(model, hop: TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < 2; i++)
        {
            _gates.Add(new ExecutionGate());
            var held = await HoldAsync(model);
            var answer = model.Engine.InferAsync(model.Rows(1, 5f), Token);
            Assert.False(answer.IsCompleted);
            Gate.Open();
            await held;
            (await SucceedAsync(answer)).Dispose();
        }

        Assert.Equal(1, model.Scheduler.ReadLoad().Lanes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rules_ThatAllowNone_FreeThoseThatAreThere(bool isTaken)
    {
        await using var model = Make(most: 1);
        await LearnAsync(model, hop: TimeSpan.FromMilliseconds(1));
        await MakeSideAsync(model);
        var held = await HoldAsync(model);
        var beside = isTaken ? await HoldAsync(model) : Task.CompletedTask;

        model.Scheduler.Retune(CallerRules(model, s_limit), [], []);

        Assert.Equal(isTaken ? 2 : 1, model.Backend.LivingInstances);
        Gate.Open();
        await held;
        await beside;
        await Waiting.UntilAsync(() => model.Backend.LivingInstances == 1);
        Assert.Equal(1, model.Scheduler.ReadLoad().Lanes);
    }

    [Fact]
    public async Task Stop_WaitsForTheCallerWhoHasOne()
    {
        var model = Make(most: 1);
        await LearnAsync(model, hop: TimeSpan.FromMilliseconds(1));
        await MakeSideAsync(model);
        var held = await HoldAsync(model);
        var beside = await HoldAsync(model);

        var stopping = model.Scheduler.StopAsync();

        Assert.False(stopping.IsCompleted);
        Gate.Open();
        await held;
        await beside;
        await stopping.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(0, model.Backend.LivingInstances);
    }

    /// <summary>Many threads at once: an instance is run by one of them at a time, and all are answered.</summary>
    [Fact]
    public async Task ManyCallers_AreAllAnswered()
    {
        await using var model = new ServedModelFixture(maxCallerExecution: TimeSpan.FromSeconds(1), maxQueueSize: 100_000, maxSideLanes: 3);
        var callers = Enumerable.Range(0, 6).Select(caller => Task.Run(
            async () =>
            {
                for (var i = 0; i < 2_000; i++)
                {
                    using var response = await SucceedAsync(model.Engine.InferAsync(model.Rows(1, (caller * 2_000) + i), Token)).WaitAsync(TestTimeouts.Phase, Token);
                    Assert.Equal((caller * 2_000) + i, TestTensor.Read<float>(response.Outputs[0])[0]);
                }
            },
            Token));

        await Task.WhenAll(callers);

        Assert.Equal(12_000, model.Statistics.Successes);
        Assert.InRange(model.Backend.LivingInstances, 1, 4);
    }

    private ServedModelFixture Make(int most)
    {
        var model = new ServedModelFixture(time: _time, maxBatchSize: 64, idleTimeout: TimeSpan.FromHours(1), maxCallerExecution: s_limit, maxSideLanes: most);
        model.Backend.Execute = batch =>
        {
            // As little as the clock can tell.
            _time.Advance(TimeSpan.FromTicks(1));
            _threadOfLast = Environment.CurrentManagedThreadId;
            if (TestTensor.Read<float>(batch.Inputs[0])[0] == Held)
            {
                Gate.Pass(batch.Cancellation);
            }

            FakeBackend.EchoFirst(batch);
        };
        return model;
    }

    /// <summary>Twice over a thread of the lane: once to know what an execution costs, once what it costs to wake a thread that waits.</summary>
    private async Task LearnAsync(ServedModelFixture model, TimeSpan hop)
    {
        _time.Ahead = hop.Ticks;
        for (var i = 0; i < 2; i++)
        {
            (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
            await Waiting.UntilAsync(() => model.Lanes[0].IsThreadWaiting);
        }
    }

    /// <summary>Has the first one wanted, and waits until it is there.</summary>
    private async Task MakeSideAsync(ServedModelFixture model)
    {
        var held = await HoldAsync(model);
        var wanting = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        Assert.False(wanting.IsCompleted);
        await Waiting.UntilAsync(() => model.Scheduler.ReadLoad().Lanes == 2);
        Gate.Open();
        await held;
        (await SucceedAsync(wanting)).Dispose();
        _gates.Add(new ExecutionGate());
    }

    /// <summary>A caller who has a lane and stands at the gate with it.</summary>
    private async Task<Task> HoldAsync(ServedModelFixture model)
    {
        var caller = Task.Run(async () => (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, Held), Token))).Dispose(), Token);
        await Gate.WaitForArrivalAsync();
        return caller;
    }

    /// <summary>Goes for the threads of lanes ahead of all others: that is how long it takes to wake one.</summary>
    private sealed class LaneClock : FakeTimeProvider
    {
        public long Ahead { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (Thread.CurrentThread.Name?.StartsWith("lane", StringComparison.Ordinal) == true ? Ahead : 0);
    }
}
