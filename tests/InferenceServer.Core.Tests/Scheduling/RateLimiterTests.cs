using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static InferenceServer.Core.Tests.Scheduling.SchedulingFixture;

namespace InferenceServer.Core.Tests.Scheduling;

public sealed class RateLimiterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Off_NobodyHasToAsk()
    {
        Assert.True(new RateLimiter(new RateLimiterOptions()).TryAdd(Place(0), Demand(("R", true, 5)), out var claim, out _));
        Assert.Null(claim);
    }

    [Fact]
    public void Claim_TakesAllOrNothing()
    {
        var limiter = Limiter(("A", 2), ("B", 1));
        var both = Add(limiter, Demand(("A", true, 2), ("B", true, 1)));
        var one = Add(limiter, Demand(("A", true, 1)));
        Assert.True(one.TryTake());

        // B is free, and is not held while A is waited for.
        Assert.False(both.TryTake());
        var other = Add(limiter, Demand(("B", true, 1)));
        both.Return();
        Assert.True(other.TryTake());
        Assert.False(both.TryTake());
        one.Return();
        Assert.Equal(ClaimState.Waiting, both.State);
        other.Return();
        Assert.Equal(ClaimState.Granted, both.State);
        Assert.True(both.TryTake());
    }

    [Fact]
    public void LargeDemand_IsNotPassedForEverBySmallOnes()
    {
        var limiter = Limiter(("A", 2));
        var small = Enumerable.Range(0, 3).Select(_ => Add(limiter, Demand(("A", true, 1)))).ToArray();
        var large = Add(limiter, Demand(("A", true, 2)));
        Assert.True(small[0].TryTake());
        Assert.True(small[1].TryTake());
        Assert.False(large.TryTake());
        small[0].Return();

        // One is free, and kept for the one that has waited longest by what it has run.
        Assert.False(small[2].TryTake());
        Assert.False(small[0].TryTake());
        small[1].Return();
        Assert.True(large.TryTake());
    }

    [Fact]
    public void Priority_WeighsHowOftenEachRuns()
    {
        var limiter = Limiter(("A", 1));
        var often = Add(limiter, Demand(("A", true, 1)) with { Priority = 1 });
        var seldom = Add(limiter, Demand(("A", true, 1)) with { Priority = 3 });
        var runs = new Dictionary<LaneClaim, int> { [often] = 0, [seldom] = 0 };
        var running = often;
        Assert.True(often.TryTake());
        for (var i = 0; i < 400; i++)
        {
            var waiting = running == often ? seldom : often;
            Assert.False(waiting.TryTake() && running.State == ClaimState.Running);
            running.Return();
            running.TryTake();
            running = often.State is ClaimState.Running or ClaimState.Granted ? often : seldom;
            Assert.True(running.State == ClaimState.Running || running.TryTake());
            runs[running]++;
        }

        Assert.InRange(runs[often], 190, 310);
        Assert.True(runs[often] >= runs[seldom]);
    }

    [Fact]
    public void ResourceOfTheDevice_IsEachDevicesOwn()
    {
        var limiter = new RateLimiter(new RateLimiterOptions { UsesResources = true, Resources = [new ResourceAmount("A", null, 1), new ResourceAmount("A", 1, 2)] });
        Assert.True(limiter.TryAdd(Place(0), Demand(("A", false, 1)), out var zero, out _));
        Assert.True(limiter.TryAdd(Place(1), Demand(("A", false, 2)), out var first, out _));
        Assert.True(zero!.TryTake());
        Assert.True(first!.TryTake());
        Assert.False(limiter.TryAdd(Place(0), Demand(("A", false, 2)), out _, out var problem));
        Assert.Contains("needs 2 of the resource 'A', and the server has 1", problem, StringComparison.Ordinal);
        Assert.False(limiter.TryAdd(Place(0), Demand(("A", true, 1)), out _, out problem));
        Assert.Contains("'A' of all devices", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void UnlistedResource_IsThereAsOftenAsTheGreediestAsks()
    {
        var limiter = Limiter();
        var three = Add(limiter, Demand(("A", true, 3)));
        var two = Add(limiter, Demand(("A", true, 2)));
        var one = Add(limiter, Demand(("A", true, 1)));
        Assert.True(two.TryTake());
        Assert.True(one.TryTake());
        two.Return();
        one.Return();
        three.Dispose();
        Assert.True(two.TryTake());
        Assert.False(one.TryTake());
    }

    [Fact]
    public async Task Budget_BoundsExecutionsOfAllLanes()
    {
        var limiter = new RateLimiter(new RateLimiterOptions { MaxConcurrentExecutions = 2 });
        await using var model = new ServedModelFixture(lanes: 4, maxBatchSize: 1, inputs: [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], outputs: [ServedModelFixture.Tensor("Y", Abstractions.Tensors.TensorDataType.Fp32, 1, 4)], limiter: limiter);
        var (running, most) = (0, 0);
        model.Backend.Execute = batch =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            Thread.Yield();
            FakeBackend.EchoFirst(batch);
            Interlocked.Decrement(ref running);
        };
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() => SucceedAsync(model.Engine.InferAsync(model.Rows(1, i), Token)))));
        Array.ForEach(answers, static answer => answer.Dispose());
        Assert.InRange(most, 1, 2);
    }

    [Fact]
    public async Task RequestThatIsGivenUp_WhileItsLaneWaitsForTheLimiter_FreesTheClaim()
    {
        var limiter = Limiter(("A", 1));
        var holder = Add(limiter, Demand(("A", true, 1)));
        Assert.True(holder.TryTake());
        await using var model = new ServedModelFixture(limiter: limiter, demand: Demand(("A", true, 1)));
        using var leaving = new CancellationTokenSource();
        var waiting = model.Engine.InferAsync(model.Rows(1, 1f), leaving.Token).AsTask();
        Assert.Equal(1, model.Scheduler.ReadLoad().Requests);
        await leaving.CancelAsync();
        await FailAsync(waiting);
        Assert.Equal(0, model.Backend.Executions);
        holder.Return();

        // Another one gets it, and the lane after it.
        (await SucceedAsync(model.Engine.InferAsync(model.Rows(1, 1f), Token))).Dispose();
        holder.Dispose();
    }

    [Fact]
    public async Task DeadlineThatPassesWhileTheLimiterIsWaitedFor_IsRefusedAtOnce()
    {
        var time = new FakeTimeProvider();
        var limiter = Limiter(("A", 1));
        using var holder = Add(limiter, Demand(("A", true, 1)));
        await using var model = new ServedModelFixture(maxBatchSize: 1, time: time, limiter: limiter, demand: Demand(("A", true, 1)));

        // Executions take next to no time; what each waits for is six seconds of somebody else's.
        model.Backend.Execute = batch =>
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            FakeBackend.EchoFirst(batch);
        };
        for (var i = 0; i < 60; i++)
        {
            await Waiting.UntilAsync(holder.TryTake);
            var learning = await WaitForLimiterAsync(model);
            time.Advance(TimeSpan.FromSeconds(6));
            holder.Return();
            (await SucceedAsync(learning)).Dispose();
        }

        await Waiting.UntilAsync(holder.TryTake);
        var waiting = await WaitForLimiterAsync(model);
        time.Advance(TimeSpan.FromSeconds(2));

        // Four seconds are left of that wait, and six are this one's own.
        var refused = await FailAsync(model.Engine.InferAsync(WithLimit(TimeSpan.FromSeconds(9)), Token));
        Assert.Equal(ErrorCode.DeadlineExceeded, refused.Code);
        Assert.InRange(refused.RetryAfter!.Value.TotalSeconds, 9.5, 10.1);
        var accepted = model.Engine.InferAsync(WithLimit(TimeSpan.FromSeconds(20)), Token).AsTask();
        Assert.Equal(2, model.Scheduler.ReadLoad().Requests);
        holder.Return();
        (await SucceedAsync(waiting)).Dispose();
        (await SucceedAsync(accepted)).Dispose();

        InferenceRequest WithLimit(TimeSpan limit)
        {
            var request = model.Rows(1, 1f);
            request.TimeLimit = limit;
            return request;
        }
    }

    private static async Task<Task<InferenceOutcome>> WaitForLimiterAsync(ServedModelFixture model)
    {
        var asked = model.Engine.InferAsync(model.Rows(1, 1f), Token).AsTask();
        await Waiting.UntilAsync(() => model.Lanes[0].Progress.ClaimingSince != long.MaxValue);
        return asked;
    }

    [Fact]
    public async Task ManyModels_ThatNeedEachOthersResources_NeverStandStill()
    {
        var limiter = Limiter(("A", 2), ("B", 2), ("C", 2));
        LaneDemand[] demands = [Demand(("A", true, 1), ("B", true, 2)), Demand(("B", true, 1), ("C", true, 2)), Demand(("C", true, 1), ("A", true, 2))];
        var models = demands.Select(demand => new ServedModelFixture(lanes: 2, limiter: limiter, demand: demand)).ToArray();
        var asks = Enumerable.Range(0, 600).Select(i => Task.Run(async () =>
        {
            var model = models[i % models.Length];
            (await SucceedAsync(model.Engine.InferAsync(model.Rows((i % 3) + 1, i), Token))).Dispose();
        }));
        await Task.WhenAll(asks).WaitAsync(TestTimeouts.Phase, Token);
        foreach (var model in models)
        {
            await model.DisposeAsync();
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is var current && current != seen)
        {
            seen = current;
        }
    }

    private static RateLimiter Limiter(params (string Name, int Count)[] resources) =>
        new(new RateLimiterOptions { UsesResources = true, Resources = [.. resources.Select(static one => new ResourceAmount(one.Name, null, one.Count))] });

    private static LaneDemand Demand(params (string Name, bool IsGlobal, int Count)[] resources) => new([.. resources.Select(static one => new InstanceResource(one.Name, one.IsGlobal, one.Count))], 1);

    private static InstancePlacement Place(int device) => new("m_0", InstanceKind.Cpu, device);

    private static LaneClaim Add(RateLimiter limiter, LaneDemand demand)
    {
        Assert.True(limiter.TryAdd(Place(0), demand, out var claim, out var problem), problem);
        return claim!;
    }
}
