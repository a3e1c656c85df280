using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Routing;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Routing;

/// <summary>Two versions of a model behind an alias, over scripted backends, with real schedulers.</summary>
public sealed class RoutedEngineTests : IAsyncDisposable
{
    private const string Half = """{"targets": [{"model": "m", "version": 1, "weight": 1, "stable": true}, {"model": "m", "version": 2, "weight": 1}]}""";
    private const string Shadowed = """{"targets": [{"model": "m", "version": 1, "weight": 1}], "shadow": {"model": "m", "version": 2, "max_in_flight": 2}}""";

    private readonly AliasFixture _aliases = new();
    private readonly ServedModelFixture _stable = new(version: 1, maxQueueSize: 4);
    private readonly ServedModelFixture _canary = new(version: 2, maxQueueSize: 4);
    private readonly ServerPhase _phase = new();
    private readonly ShadowSender _shadows;
    private readonly RoutedEngine _engine;

    public RoutedEngineTests()
    {
        Publish(_stable, _canary);
        var inner = new InferenceEngine(_aliases.Catalog, _stable.Pool, new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance), _phase, new SchedulerOptions(), TimeProvider.System);
        _shadows = new ShadowSender(inner, _phase, TimeProvider.System, NullLogger<ShadowSender>.Instance);
        _engine = new RoutedEngine(inner, _aliases.Registry, _aliases.Catalog, _shadows, _phase, _aliases.Time) { Random = new Random(1) };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _shadows.Dispose();
        await _stable.DisposeAsync();
        await _canary.DisposeAsync();
    }

    [Fact]
    public async Task Requests_GoByTheWeights_AndTheAnswerSaysWhoGaveIt()
    {
        await _aliases.PutAsync("a", """{"targets": [{"model": "m", "version": 1, "weight": 90, "stable": true}, {"model": "m", "version": 2, "weight": 10}]}""");
        var canary = 0;
        for (var i = 0; i < 1000; i++)
        {
            canary += await AskVersionAsync() == 2 ? 1 : 0;
        }

        Assert.InRange(canary, 100 - 29, 100 + 29);
        Assert.Equal([1000 - canary, canary], _aliases.Registry.Find("a")!.Targets.Select(static target => target.Requests));
        Assert.Equal(canary, _canary.Backend.Executions);
    }

    [Fact]
    public async Task SameKey_GoesToTheSameTarget()
    {
        await _aliases.PutAsync("a", Half.Replace("]}", "], \"sticky_header\": \"x-user\"}", StringComparison.Ordinal));
        Assert.Equal("x-user", _engine.FindStickyHeader("a"));
        Assert.Null(_engine.FindStickyHeader("m"));
        var versions = new HashSet<long>();
        for (var user = 0; user < 20; user++)
        {
            var version = await AskVersionAsync($"user {user}");
            versions.Add(version);
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal(version, await AskVersionAsync($"user {user}"));
            }
        }

        Assert.Equal(2, versions.Count);
    }

    [Fact]
    public async Task TargetThatIsNotReady_LeavesItsShareToTheOthers()
    {
        await _aliases.PutAsync("a", Half);
        Publish(_stable);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(1, await AskVersionAsync());
        }

        var targets = _aliases.Registry.Find("a")!.Targets;
        Assert.Equal(50, targets[0].Requests);
        Assert.Equal(0, targets[1].Requests);
        Assert.InRange(targets[1].Skipped, 10, 40);
        Assert.False(targets[1].IsReady);
        Assert.True(_aliases.Registry.Find("a")!.IsReady);
    }

    [Fact]
    public async Task NoTarget_IsUnavailableAndSaysWhy()
    {
        await _aliases.PutAsync("a", Half);
        Publish();
        var error = await RefusalAsync("a", "");
        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Contains("none of its targets is ready", error.Message, StringComparison.Ordinal);
        Publish(_stable, _canary);
        error = await RefusalAsync("a", "1");
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("'a' is an alias, which has no versions", error.Message, StringComparison.Ordinal);
        _phase.BeginStop();
        Assert.Contains("stopping", (await RefusalAsync("a", "")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TargetThatErrs_IsOutBeforeTheAnswerThatTippedItLeaves()
    {
        _canary.Backend.Execute = static _ => throw new BackendException("it errs");
        await _aliases.PutAsync("a", Half.Replace("]}", "], \"rollback\": {\"max_error_rate\": 0.2, \"min_requests\": 5}}", StringComparison.Ordinal));
        var failures = 0;
        for (var i = 0; i < 200; i++)
        {
            using var outcome = new Answered(await AskAsync());
            failures += outcome.Error is null ? 0 : 1;
        }

        Assert.Equal(5, failures);
        var alias = _aliases.Registry.Find("a")!;
        Assert.Equal("m1=2* m2=0", _aliases.Weights("a"));
        Assert.Equal(RollbackCause.ErrorRate, alias.RolledBack?.Cause);
        Assert.Equal([0, 5], alias.Targets.Select(static target => target.Failures));
        Assert.Equal([1, 0, 0], alias.Rollbacks);
    }

    [Fact]
    public async Task MistakesOfClients_TakeNothingBack()
    {
        await _aliases.PutAsync("a", Half.Replace("]}", "], \"rollback\": {\"max_error_rate\": 0, \"min_requests\": 1}}", StringComparison.Ordinal));
        for (var i = 0; i < 20; i++)
        {
            var request = await RequestAsync();
            request.AddInput(TestTensor.Of<float>(_stable.Pool, "X", TensorDataType.Fp32, new TensorShape(1, 3), [1, 2, 3]));
            using var outcome = new Answered(await _engine.InferAsync(request, Token));
            Assert.Equal(ErrorCode.InvalidArgument, outcome.Error?.Code);
        }

        Assert.Equal("m1=1* m2=1", _aliases.Weights("a"));
        Assert.Equal([0, 0], _aliases.Registry.Find("a")!.Targets.Select(static target => target.Failures));
        Assert.Equal(20, _aliases.Registry.Find("a")!.Targets.Sum(static target => target.Requests));
    }

    [Fact]
    public async Task TargetThatHangs_IsOutWhenItIsLate()
    {
        using var gate = new ExecutionGate();
        _canary.Backend.Gate = gate;
        await _aliases.PutAsync("a", Half.Replace("]}", "], \"rollback\": {\"max_latency_ms\": 100, \"min_requests\": 2}}", StringComparison.Ordinal));
        var hanging = new List<Task<InferenceOutcome>>();
        while (hanging.Count < 2)
        {
            var request = await RowsAsync();
            var isCanary = request.Lease.Model.Version == 2;
            var asked = _engine.InferAsync(request, Token).AsTask();
            if (isCanary)
            {
                hanging.Add(asked);
            }
            else
            {
                using var outcome = new Answered(await asked);
            }
        }

        _aliases.Time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("m1=1* m2=1", _aliases.Weights("a"));
        _aliases.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("m1=2* m2=0", _aliases.Weights("a"));
        Assert.Equal(RollbackCause.Latency, _aliases.Registry.Find("a")!.RolledBack?.Cause);
        gate.Open();
        foreach (var asked in hanging)
        {
            using var outcome = new Answered(await asked.WaitAsync(TestTimeouts.Phase, Token));
            Assert.Null(outcome.Error);
        }

        _canary.Backend.Gate = null;
    }

    [Fact]
    public async Task QueueThatIsFull_CountsAgainstItsTarget()
    {
        using var gate = new ExecutionGate();
        _stable.Backend.Gate = gate;
        await _aliases.PutAsync("a", """{"targets": [{"model": "m", "version": 1, "weight": 1}]}""");
        var asked = new List<Task<InferenceOutcome>> { AskAsync().AsTask() };
        await gate.WaitForArrivalAsync();
        for (var i = 0; i < 5; i++)
        {
            asked.Add(AskAsync().AsTask());
        }

        Assert.Equal(ErrorCode.Unavailable, (await asked[^1]).Error?.Code);
        Assert.Equal(1, _aliases.Registry.Find("a")!.Targets[0].Failures);
        gate.Open();
        foreach (var one in await Task.WhenAll(asked))
        {
            one.Response?.Dispose();
        }

        _stable.Backend.Gate = null;
    }

    [Fact]
    public async Task Stream_EndsAreCountedAndCopied()
    {
        await _aliases.PutAsync("a", Shadowed);
        using (var stream = _engine.StartStream(await RowsAsync(), Token))
        {
            using var outcome = new Answered((await stream.ReadAsync(Token))!.Value);
            Assert.Null(outcome.Error);
        }

        Assert.Equal(1, _aliases.Registry.Find("a")!.Targets[0].Requests);
        await UntilAsync(shadow => shadow is { Sent: 1, InFlight: 0 });
    }

    [Fact]
    public async Task Shadow_SeesTheSameTensorsAndTheAnswerIsNobodys()
    {
        var seen = new TaskCompletionSource<float>();
        _canary.Backend.Execute = batch =>
        {
            seen.TrySetResult(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(batch.Inputs[0].Span)[3]);
            FakeBackend.EchoFirst(batch);
        };
        await _aliases.PutAsync("a", Shadowed);
        Assert.Equal(1, await AskVersionAsync());
        Assert.Equal(7, await seen.Task.WaitAsync(TestTimeouts.Phase, Token));
        await UntilAsync(shadow => shadow is { Sent: 1, Failed: 0, InFlight: 0 });
        Assert.Equal(0, _aliases.Registry.Find("a")!.Targets[0].Failures);
    }

    [Fact]
    public async Task Shadow_Errs_AndNothingOfTheAliasKnows()
    {
        _canary.Backend.Execute = static _ => throw new BackendException("it errs");
        await _aliases.PutAsync("a", Shadowed);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(1, await AskVersionAsync());
            await UntilAsync(static shadow => shadow.InFlight == 0);
        }

        var alias = _aliases.Registry.Find("a")!;
        Assert.Equal((20, 20), (alias.Shadow.Sent, alias.Shadow.Failed));
        Assert.Equal((20, 0), (alias.Targets[0].Requests, alias.Targets[0].Failures));
    }

    [Fact]
    public async Task Shadow_Hangs_AndTheClientIsAnsweredWhileMoreAreDropped()
    {
        using var gate = new ExecutionGate();
        _canary.Backend.Gate = gate;
        await _aliases.PutAsync("a", Shadowed);
        Assert.Equal(1, await AskVersionAsync());
        await gate.WaitForArrivalAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(1, await AskVersionAsync());
        }

        var shadow = _aliases.Registry.Find("a")!.Shadow;
        Assert.Equal(2, shadow.InFlight);
        Assert.Equal(9, shadow.Dropped[(int)ShadowDrop.InFlight]);

        // The server stops: copies are given up at once, and are no failures.
        _phase.BeginStop();
        await UntilAsync(static stopped => stopped is { InFlight: 0, Failed: 0 });
        Assert.Equal(0, _stable.Pool.RentedBuffers);
        _canary.Backend.Gate = null;
    }

    [Fact]
    public async Task Shadow_TakesTooLong_IsGivenUpAndItsMemoryComesBack()
    {
        using var gate = new ExecutionGate();
        _canary.Backend.Gate = gate;
        await _aliases.PutAsync("a", """{"targets": [{"model": "m", "version": 1, "weight": 1}], "shadow": {"model": "m", "version": 2, "timeout_ms": 20}}""");
        Assert.Equal(1, await AskVersionAsync());
        await UntilAsync(static shadow => shadow is { InFlight: 0, Failed: 1 });
        Assert.Equal(0, _stable.Pool.RentedBuffers);
        _canary.Backend.Gate = null;
    }

    [Fact]
    public async Task Shadow_ThatCannotBeAsked_IsDroppedWithTheReason()
    {
        await _aliases.PutAsync("a", """{"targets": [{"model": "m", "version": 1, "weight": 1}], "shadow": {"model": "s"}}""");
        Assert.Equal(1, await AskVersionAsync());
        await UntilAsync(static shadow => shadow is { InFlight: 0 } && shadow.Dropped[(int)ShadowDrop.NotReady] == 1);

        // The highest version is version 1 now, which has answered already.
        Publish(_stable);
        await _aliases.PutAsync("b", """{"targets": [{"model": "m", "version": 1, "weight": 1}], "shadow": {"model": "m"}}""");
        using (var outcome = new Answered(await _engine.InferAsync(await RowsAsync("b"), Token)))
        {
            Assert.Null(outcome.Error);
        }

        await UntilAsync(static shadow => shadow is { InFlight: 0, Sent: 0 } && shadow.Dropped[(int)ShadowDrop.SameVersion] == 1, "b");
    }

    [Fact]
    public async Task Shadow_OfARequestThatIsRefused_IsNotAsked()
    {
        await _aliases.PutAsync("a", Shadowed);
        using (var outcome = new Answered(await _engine.InferAsync(await RequestAsync(), Token)))
        {
            Assert.Equal(ErrorCode.InvalidArgument, outcome.Error?.Code);
        }

        var stream = _engine.StartStream(await RequestAsync(), Token);
        Assert.Equal(ErrorCode.InvalidArgument, (await stream.ReadAsync(Token))?.Error?.Code);
        stream.Dispose();
        await UntilAsync(static shadow => shadow is { InFlight: 0, Sent: 0 });
        Assert.Equal(0, _stable.Pool.RentedBuffers);
    }

    [Fact]
    public async Task Fraction_OfTheRequests_IsCopied()
    {
        await _aliases.PutAsync("a", """{"targets": [{"model": "m", "version": 1, "weight": 1}], "shadow": {"model": "m", "version": 2, "fraction": 0}}""");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(1, await AskVersionAsync());
        }

        var shadow = _aliases.Registry.Find("a")!.Shadow;
        Assert.Equal((0, 0, 0), (shadow.Sent, shadow.Dropped.Sum(), shadow.InFlight));
    }

    private async Task<long> AskVersionAsync(string? key = null)
    {
        using var outcome = new Answered(await _engine.InferAsync(await RowsAsync("a", key), Token));
        Assert.Null(outcome.Error);
        Assert.Equal("m", outcome.Response!.ModelName);
        return outcome.Response.ModelVersion;
    }

    private async ValueTask<InferenceOutcome> AskAsync() => await _engine.InferAsync(await RowsAsync(), Token);

    private async Task<InferenceRequest> RowsAsync(string name = "a", string? key = null)
    {
        var request = await RequestAsync(name, key);
        request.AddInput(TestTensor.Of<float>(_stable.Pool, "X", TensorDataType.Fp32, new TensorShape(1, 4), [1, 2, 3, 7]));
        return request;
    }

    private async Task<InferenceRequest> RequestAsync(string name = "a", string? key = null)
    {
        var outcome = await _engine.AcquireAsync(name, "", key, Token);
        Assert.True(outcome.TryGet(out var lease, out var error), error?.Message);
        return new InferenceRequest(lease!);
    }

    private async Task<InferenceError> RefusalAsync(string name, string version)
    {
        Assert.False((await _engine.AcquireAsync(name, version, Token)).TryGet(out _, out var error));
        return error!;
    }

    private void Publish(params ServedModelFixture[] models) =>
        _aliases.Catalog.Publish(new ServingSnapshot([new ServedVersions("m", [.. models.Select(static model => model.Served)], [])]));

    private async Task UntilAsync(Func<ShadowStatus, bool> condition, string name = "a")
    {
        using var patience = new CancellationTokenSource(TestTimeouts.Phase);
        while (!condition(_aliases.Registry.Find(name)!.Shadow))
        {
            await Task.Delay(5, patience.Token);
        }
    }

    /// <summary>An outcome whose response is given back.</summary>
    private sealed class Answered(InferenceOutcome outcome) : IDisposable
    {
        public InferenceError? Error => outcome.Error;

        public InferenceResponse? Response => outcome.Response;

        public void Dispose() => outcome.Response?.Dispose();
    }
}
