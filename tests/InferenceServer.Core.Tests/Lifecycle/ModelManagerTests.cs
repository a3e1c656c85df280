using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Tests.Residency;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>The lifecycle loop over a loader that the test steps.</summary>
public sealed class ModelManagerTests : IAsyncDisposable
{
    private readonly ModelCatalog _catalog = new();
    private readonly StepLoader _loader = new();
    private readonly CoreOptions _options = new() { Identity = new ServerIdentity("test", "0"), Repositories = [], ModelLoadThreads = 8, ExitTimeout = TestTimeouts.Phase };
    private readonly ModelManager _manager;
    private bool _isStopped;

    public ModelManagerTests()
    {
        _manager = new ModelManager(_catalog, _loader, new FakeMeter(), TimeProvider.System, _options, NullLogger<ModelManager>.Instance);
        _manager.Start();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (!_isStopped)
        {
            Assert.True(await _manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
        }

        _manager.Dispose();
    }

    [Fact]
    public async Task FirstWantedSet_IsSettledWhenEveryModelServesOrHasFailed()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1]), AspiredFixture.Model("b", [1])]);
        await _loader.Load("a", 1).SucceedAsync();
        await Waiting.UntilAsync(() => StateOf("a", 1) == ModelState.Ready);
        Assert.False(_manager.FirstSettled.IsCompleted);
        _loader.Load("b", 1).Fail("no memory");
        await _manager.FirstSettled.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(ModelState.Failed, StateOf("b", 1));
        Assert.Equal("no memory", _manager.Statuses.Single(static status => status.Name == "b").Reason);
        Assert.Equal("1", Serving("a"));
        Assert.Equal("-", Serving("b"));
    }

    [Fact]
    public async Task VersionThatWarmsUp_IsNotReadyAndNothingIsSettled()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1]), AspiredFixture.Model("b", [1])]);
        var warming = _loader.Load("a", 1);
        await warming.Begun;
        warming.WarmUp();
        await Waiting.UntilAsync(() => StateOf("a", 1) == ModelState.Warming);
        _loader.Load("b", 1).Fail("no memory");
        await Waiting.UntilAsync(() => StateOf("b", 1) == ModelState.Failed);
        Assert.False(_manager.FirstSettled.IsCompleted);
        Assert.Equal("-", Serving("a"));
        Assert.True(_catalog.Current.Find("a")!.IsLoading);

        await warming.SucceedAsync();
        await _manager.FirstSettled.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal("1", Serving("a"));
    }

    [Fact]
    public async Task VersionThatFailsToWarmUp_HasFailedWithItsReason()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1])]);
        var warming = _loader.Load("a", 1);
        await warming.Begun;
        warming.WarmUp();
        warming.Fail("failed to run warmup sample 'w': broken");
        await _manager.FirstSettled.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal((ModelState.Failed, "failed to run warmup sample 'w': broken"), (_manager.Statuses.Single().State, _manager.Statuses.Single().Reason));
    }

    [Fact]
    public async Task EmptyRepository_IsSettledAtOnce()
    {
        _manager.Aspire([]);
        await _manager.FirstSettled.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Empty(_manager.Statuses);
    }

    [Fact]
    public async Task ModelWithABrokenConfiguration_IsKnownWithItsReason()
    {
        _manager.Aspire([new AspiredModel("broken", [], "config.pbtxt:1:1: wrong"), AspiredFixture.Model("a", [1])]);
        await _loader.Load("a", 1).SucceedAsync();
        await _manager.FirstSettled.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal("config.pbtxt:1:1: wrong", _manager.Statuses.Single(static status => status.Name == "broken").Reason);
        Assert.Equal("1", Serving("a"));
    }

    [Fact]
    public async Task NewVersion_ServesBesideTheOldAndThenAlone()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1])]);
        var first = await _loader.Load("a", 1).SucceedAsync();
        await Waiting.UntilAsync(() => Serving("a") == "1");
        _manager.Aspire([AspiredFixture.Model("a", [2])]);
        var second = _loader.Load("a", 2);
        await second.Begun;
        Assert.Equal("1", Serving("a"));
        await second.SucceedAsync();
        await Waiting.UntilAsync(() => Serving("a") == "2" && first.Backend.LivingModels == 0);
    }

    [Fact]
    public async Task FailedNewVersion_LeavesTheOldServing()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1])]);
        await _loader.Load("a", 1).SucceedAsync();
        await Waiting.UntilAsync(() => Serving("a") == "1");
        _manager.Aspire([AspiredFixture.Model("a", [2])]);
        _loader.Load("a", 2).Fail("broken");
        await Waiting.UntilAsync(() => StateOf("a", 2) == ModelState.Failed);
        Assert.Equal("1", Serving("a"));
    }

    [Fact]
    public async Task ChangedFiles_AreSwappedUnderTheSameNumberWhileALeaseHoldsTheOld()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1])]);
        var old = await _loader.Load("a", 1).SucceedAsync();
        await Waiting.UntilAsync(() => Serving("a") == "1");
        Assert.True(_catalog.TryAcquire("a", "", out var lease, out _));
        _manager.Aspire([AspiredFixture.Model("a", [1], "changed")]);
        var changed = await _loader.Load("a", 1, "changed").SucceedAsync();
        await Waiting.UntilAsync(() => _catalog.Current.Find("a")!.Find(1)!.Signature is not null && StateOf("a", 1) == ModelState.Ready && Leased() != lease.Model);
        Assert.Equal(1, old.Backend.LivingModels);
        lease.Dispose();
        await Waiting.UntilAsync(() => old.Backend.LivingModels == 0);
        Assert.Equal(1, changed.Backend.LivingModels);

        ServedModel Leased()
        {
            Assert.True(_catalog.TryAcquire("a", "", out var now, out _));
            var model = now.Model;
            now.Dispose();
            return model;
        }
    }

    [Fact]
    public async Task BrokenConfigurationOfAServingModel_TakesNothingDown()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1])]);
        await _loader.Load("a", 1).SucceedAsync();
        await Waiting.UntilAsync(() => Serving("a") == "1");
        _manager.Aspire([new AspiredModel("a", [], "config.pbtxt:1:1: wrong")]);
        await Waiting.UntilAsync(() => _manager.Statuses.Any(static status => status.Reason.Length > 0));
        Assert.Equal("1", Serving("a"));
    }

    [Fact]
    public async Task Stop_DuringALoad_CancelsItAndFreesTheRest()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1]), AspiredFixture.Model("b", [1])]);
        var loaded = await _loader.Load("a", 1).SucceedAsync();
        await _loader.Load("b", 1).Begun;
        await Waiting.UntilAsync(() => Serving("a") == "1");
        _isStopped = true;
        Assert.True(await _manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(0, loaded.Backend.LivingModels);
    }

    [Fact]
    public async Task LoadThatFails_IsTriedAgainAsOftenAsTheOptionSays()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var manager = new ModelManager(_catalog, _loader, new FakeMeter(), time, _options with { ModelLoadRetries = 2 }, NullLogger<ModelManager>.Instance);
        manager.Start();
        manager.Aspire([AspiredFixture.Model("a", [1])]);
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            // The pause before the next attempt may not have begun yet.
            await Waiting.UntilAsync(() =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return _loader.Count("a") == attempt;
            });
            Assert.Equal(ModelState.Loading, Assert.Single(manager.Statuses).State);
            var step = _loader.Load("a", 1);
            await step.Begun;
            _loader.Renew("a", 1);
            step.Fail("no memory");
        }

        await Waiting.UntilAsync(() => manager.Statuses is [{ State: ModelState.Failed, Reason: "no memory" }]);
        Assert.Equal(3, _loader.Count("a"));
        Assert.True(await manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
    }

    [Fact]
    public async Task RequestThatOutlastsItsVersion_IsWaitedForAndNoFaultOfTheServer()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var manager = new ModelManager(_catalog, _loader, new FakeMeter(), time, _options, NullLogger<ModelManager>.Instance);
        manager.Start();
        manager.Aspire([AspiredFixture.Model("a", [1])]);
        var loaded = await _loader.Load("a", 1).SucceedAsync();
        await Waiting.UntilAsync(() => Serving("a") == "1");
        Assert.True(loaded.Served.TryAcquire());
        await manager.UnloadAsync("a").WaitAsync(TestTimeouts.Phase, Token);
        time.Advance(_options.ExitTimeout * 3);
        Assert.Equal(ModelState.Draining, Assert.Single(manager.Statuses).State);
        Assert.Equal(1, loaded.Backend.LivingModels);
        loaded.Served.Release();
        await Waiting.UntilAsync(() => loaded.Backend.LivingModels == 0);
        Assert.True(await manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
    }

    [Fact]
    public async Task RequestThatDoesNotEnd_IsGivenUpWhenTheServerStops()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var manager = new ModelManager(_catalog, _loader, new FakeMeter(), time, _options, NullLogger<ModelManager>.Instance);
        manager.Start();
        manager.Aspire([AspiredFixture.Model("a", [1])]);
        var loaded = await _loader.Load("a", 1).SucceedAsync();
        await Waiting.UntilAsync(() => Serving("a") == "1");
        Assert.True(loaded.Served.TryAcquire());
        var stopping = manager.StopAsync();
        await Waiting.UntilAsync(() => Serving("a") == "-");
        Assert.False(stopping.IsCompleted);
        time.Advance(_options.ExitTimeout);
        Assert.False(await stopping.WaitAsync(TestTimeouts.Phase, Token));
        loaded.Served.Release();
    }

    [Fact]
    public async Task ModelWhoseMemoryCannotBeFreed_DoesNotKeepTheServerFromStopping()
    {
        _manager.Aspire([AspiredFixture.Model("a", [1])]);
        var step = _loader.Load("a", 1);
        await step.Begun;
        var fixture = new ServedModelFixture(name: "a");
        step.Succeed(new ServedModel(1, fixture.Served.Config, new UnfreeableModel(fixture.Served.Signature), fixture.Scheduler, fixture.Statistics));
        await Waiting.UntilAsync(() => Serving("a") == "1");
        _isStopped = true;
        Assert.False(await _manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
    }

    [Fact]
    public async Task Readiness_CountsAModelWhileAnyOfItsVersionsServes()
    {
        var control = new ModelControl(_catalog, _manager, NoRepository.Of(_manager), new ServerPhase(), TimeProvider.System, _options, new SharedMemoryRegistry(_options.SharedMemory, NullLogger<SharedMemoryRegistry>.Instance)) { Log = null!, Tracing = null!, Routing = null! };
        Assert.False(control.IsReady);
        _manager.Aspire([AspiredFixture.Model("a", [1]), AspiredFixture.Model("b", [1])]);
        await _loader.Load("a", 1).SucceedAsync();
        _loader.Load("b", 1).Fail("broken");
        await _manager.FirstSettled.WaitAsync(TestTimeouts.Phase, Token);
        Assert.False(control.IsReady);
        _manager.Aspire([AspiredFixture.Model("a", [1])]);
        await Waiting.UntilAsync(() => control.IsReady);

        // Neither a replacement that loads nor one that fails takes the server out.
        _manager.Aspire([AspiredFixture.Model("a", [2])]);
        await _loader.Load("a", 2).Begun;
        Assert.True(control.IsReady);
        _loader.Load("a", 2).Fail("broken");
        await Waiting.UntilAsync(() => StateOf("a", 2) == ModelState.Failed);
        Assert.True(control.IsReady);
        _manager.Aspire([new AspiredModel("a", [], "config.pbtxt:1:1: wrong")]);
        await Waiting.UntilAsync(() => _manager.Statuses.Any(static status => status.Reason.StartsWith("config", StringComparison.Ordinal)));
        Assert.True(control.IsReady);
    }

    [Fact]
    public async Task QuestionsHeldUpAtTheStart_AreLetGoWhenTheServerStops()
    {
        var phase = new ServerPhase();
        var control = new ModelControl(_catalog, _manager, NoRepository.Of(_manager), phase, TimeProvider.System, _options, new SharedMemoryRegistry(_options.SharedMemory, NullLogger<SharedMemoryRegistry>.Instance)) { Log = null!, Tracing = null!, Routing = null! };
        _manager.Aspire([AspiredFixture.Model("a", [1])]);
        await _loader.Load("a", 1).Begun;
        var held = control.WaitForStartAsync(Token).AsTask();
        Assert.False(held.IsCompleted);
        phase.BeginStop();
        await held.WaitAsync(TestTimeouts.Phase, Token);
        await _loader.Load("a", 1).SucceedAsync();
    }

    private ModelState? StateOf(string name, long version) => _manager.Statuses.LastOrDefault(status => status.Name == name && status.Version == version)?.State;

    private string Serving(string name) => _catalog.Current.Find(name) is { Ready: [_, ..] ready } ? string.Join(',', ready.Select(static served => served.Version)) : "-";

    private sealed class UnfreeableModel(Abstractions.Models.ModelSignature signature) : IBackendModel
    {
        public Abstractions.Models.ModelSignature Signature => signature;

        public IModelInstance CreateInstance(Abstractions.Models.InstancePlacement placement) => throw new NotSupportedException();

        public void Dispose() => throw new InvalidOperationException("this memory cannot be freed");
    }
}
