using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Routing;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Tests.Lifecycle;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Residency;

/// <summary>Models that are in memory while they are needed: the lifecycle over a loader that the test steps, asked through the engine.</summary>
public sealed class OnDemandTests : IAsyncDisposable
{
    private const string OnDemand = "parameters { key: \"residency\" value { string_value: \"on-demand\" } }";

    private readonly ModelCatalog _catalog = new();
    private readonly StepLoader _loader = new();
    private readonly FakeMeter _meter = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ServedModelFixture _any = new();
    private ModelManager? _manager;
    private InferenceEngine? _engine;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ModelManager Manager => _manager!;

    public async ValueTask DisposeAsync()
    {
        await _any.DisposeAsync();
        Assert.True(await Manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
        Manager.Dispose();
    }

    [Fact]
    public async Task AModelThatNobodyAsksFor_IsNotLoaded_AndIsReadyAllTheSame()
    {
        Start(Model("a"));
        await Manager.FirstSettled.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(0, _loader.Count("a"));
        Assert.Equal((ModelState.Asleep, "loaded when it is asked for"), (Status("a").State, Status("a").Reason));
        var control = Control();
        Assert.True(control.IsReady);
        Assert.True(control.IsModelReady("a", "", out _));
        Assert.True(control.IsModelReady("a", "1", out _));
        Assert.False(control.IsModelReady("a", "2", out var error));
        Assert.Equal(ErrorCode.NotFound, error.Code);
    }

    [Fact]
    public async Task FiftyRequestsAtOnce_CauseOneLoad_AndAllAreServed()
    {
        Start(Model("a"));
        var requests = Enumerable.Range(0, 50).Select(i => AcquireAsync("a", i % 2 == 0 ? "" : "1")).ToArray();
        await _loader.Load("a", 1).SucceedAsync(_time);
        var leases = await Task.WhenAll(requests).WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(1, _loader.Count("a"));
        Assert.All(leases, static lease => Assert.Equal(1, lease.Model.Version));
        Array.ForEach(leases, static lease => lease.Dispose());
        Assert.Equal(1, Manager.ResidencyCounts.Single().ColdStarts);
    }

    [Fact]
    public async Task LoadThatFails_IsTheAnswerForAWhile_AndThenTriedAgain()
    {
        Start(Model("a"));
        var first = FailAsync("a");
        await _loader.Load("a", 1).Begun;
        _loader.Load("a", 1).Fail("it is broken");
        Assert.Contains("it is broken", (await first).Message, StringComparison.Ordinal);
        Assert.Contains("it is broken", (await FailAsync("a")).Message, StringComparison.Ordinal);
        Assert.Equal(1, _loader.Count("a"));
        Assert.False(Control().IsModelReady("a", "", out var error));
        Assert.Contains("it is broken", error.Message, StringComparison.Ordinal);

        _loader.Renew("a", 1);
        _time.Advance(TimeSpan.FromSeconds(6));
        var again = AcquireAsync("a");
        await _loader.Load("a", 1).SucceedAsync(_time);
        (await again).Dispose();
        Assert.Equal(2, _loader.Count("a"));
    }

    [Fact]
    public async Task WhereThereIsNoRoom_TheModelThatWasUsedLongestAgoLeaves_AndComesBackWhenAsked()
    {
        Start(new ResidencyOptions { MemoryBudget = 100 }, Model("a", 40), Model("b", 40), Model("c", 40));
        await UseAsync("a");
        await UseAsync("b");
        await UseAsync("a");
        await UseAsync("c");
        Assert.Equal([ModelState.Ready, ModelState.Asleep, ModelState.Ready], States());
        _loader.Renew("b", 1);
        await UseAsync("b");
        Assert.Equal([ModelState.Asleep, ModelState.Ready, ModelState.Ready], States());
        Assert.Equal([("a", 1, 1), ("b", 2, 1), ("c", 1, 0)], Manager.ResidencyCounts.Select(static count => (count.Model, (int)count.ColdStarts, (int)count.ForMemory)));
    }

    [Fact]
    public async Task ModelInUse_IsNotThrownOut_AndTheLoadBeginsAsSoonAsItIsNot()
    {
        Start(new ResidencyOptions { MemoryBudget = 50 }, Model("a", 40), Model("b", 40));
        var a = await LoadAsync("a");
        var b = AcquireAsync("b");
        await Waiting.UntilAsync(() => Status("b").State == ModelState.New);
        Assert.Equal(ModelState.Ready, Status("a").State);
        a.Dispose();
        await ServeAsync("b");
        (await b).Dispose();
        Assert.Equal([ModelState.Asleep, ModelState.Ready], States());
    }

    [Fact]
    public async Task ModelThatIsNeverIdle_MakesRoomAfterAWhile_AndItsRequestsAreFinished()
    {
        Start(new ResidencyOptions { MemoryBudget = 50 }, Model("a", 40), Model("b", 40));
        var a = await LoadAsync("a");
        var b = AcquireAsync("b");
        await Waiting.UntilAsync(() => Status("b").State == ModelState.New);
        _time.Advance(ResidencyPolicy.Patience);
        await Waiting.UntilAsync(() => Manager.Statuses.Any(static status => status is { Name: "a", State: ModelState.Draining }));

        // Whoever asks now waits in turn; who is in goes on.
        var next = AcquireAsync("a");
        Assert.Equal(0, _loader.Count("b"));
        Assert.Equal(1, a.Model.Version);
        _loader.Renew("a", 1);
        a.Dispose();
        await ServeAsync("b");
        (await b).Dispose();
        await _loader.Load("a", 1).SucceedAsync(_time);
        (await next).Dispose();
    }

    [Fact]
    public async Task WhatALoadTakes_IsMeasured_AndCountsFromThenOn()
    {
        // The files say 10, the process says 90.
        Start(new ResidencyOptions { MemoryBudget = 100 }, Model("a", 10), Model("b", 10));
        var a = AcquireAsync("a");
        await _loader.Load("a", 1).Begun;
        _meter.Bytes += 90;
        await _loader.Load("a", 1).SucceedAsync(_time);
        using (var lease = await a)
        {
            Assert.Equal(90, lease.Model.MemoryBytes);
        }

        await UseAsync("b");
        await Waiting.UntilAsync(() => Status("a").State == ModelState.Ready);
        var b = await LoadAsync("b", isLoaded: true);
        b.Dispose();
        _loader.Renew("a", 1);
        await UseAsync("a");
        Assert.Equal([ModelState.Ready, ModelState.Ready], States());
    }

    [Fact]
    public async Task ModelThatIsIdleForLong_LeavesAndComesBack()
    {
        Start(new ResidencyOptions { IdleUnload = TimeSpan.FromMinutes(5) }, Model("a"), Model("b", config: "parameters { key: \"idle_unload_seconds\" value { string_value: \"0\" } }"));
        await UseAsync("a");
        await UseAsync("b");
        _time.Advance(TimeSpan.FromMinutes(4));
        (await LoadAsync("a", isLoaded: true)).Dispose();
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal([ModelState.Ready, ModelState.Ready], States());
        _time.Advance(TimeSpan.FromMinutes(1));
        await Waiting.UntilAsync(() => Status("a").State == ModelState.Asleep);
        Assert.Equal(ModelState.Ready, Status("b").State);
        Assert.Equal(1, Manager.ResidencyCounts.First().ForIdleness);

        // What is known of it is told without loading it, and its counters go on.
        Assert.True(Control().TryDescribe("a", "", out var description, out _));
        Assert.Equal(1, description.Version);
        Assert.Null(await Control().WakeAsync("a", "", Token));
        Assert.Equal(1, _loader.Count("a"));
        _loader.Renew("a", 1);
        await UseAsync("a");
        Assert.NotNull(_loader.Last!.Statistics);
    }

    [Fact]
    public async Task WhereThereCanBeNoRoom_RequestsAreToldWhy_AndNothingLeaves()
    {
        Start(new ResidencyOptions { MemoryBudget = 100 }, AspiredFixture.Model("pinned", [1], bytes: 70), Model("a", 20), Model("b", 40));
        await ServeAsync("pinned");
        await UseAsync("a");
        var error = await FailAsync("b");
        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Contains("it needs 40 bytes of memory, and the budget of 100 bytes cannot have them free: pinned models take 70", error.Message, StringComparison.Ordinal);
        Assert.Equal(ModelState.Ready, Status("a").State);
        Assert.Equal(0, _loader.Count("b"));
    }

    [Fact]
    public async Task ClientThatGoesWhileItWaits_LeavesNothingBehind()
    {
        Start(Model("a"));
        using var gone = new CancellationTokenSource();
        var request = _engine!.AcquireAsync("a", "", gone.Token).AsTask();
        await _loader.Load("a", 1).Begun;
        await gone.CancelAsync();
        Assert.False((await request).TryGet(out _, out var error));
        Assert.Equal(ErrorCode.Cancelled, error.Code);
        await _loader.Load("a", 1).SucceedAsync(_time);
        await Waiting.UntilAsync(() => Status("a").State == ModelState.Ready);
        Assert.False(Status("a").Served!.IsInUse);
    }

    [Fact]
    public async Task RequestThatHasWaitedForLong_IsToldToComeAgain()
    {
        Start(new ResidencyOptions { ColdStartTimeout = TimeSpan.FromSeconds(30) }, Model("a"));
        var request = FailAsync("a");
        await _loader.Load("a", 1).Begun;
        _time.Advance(TimeSpan.FromSeconds(31));
        var error = await request;
        Assert.Equal((ErrorCode.Unavailable, true), (error.Code, error.IsRetryable));
        await _loader.Load("a", 1).SucceedAsync(_time);
        (await LoadAsync("a", isLoaded: true)).Dispose();
    }

    [Fact]
    public async Task MoreRequestsThanMayWait_AreRefused()
    {
        Start(new ResidencyOptions { MaxColdRequests = 2 }, Model("a"));
        var waiting = new[] { AcquireAsync("a"), AcquireAsync("a") };
        Assert.Contains("2 requests wait", (await FailAsync("a")).Message, StringComparison.Ordinal);
        await _loader.Load("a", 1).SucceedAsync(_time);
        Array.ForEach(await Task.WhenAll(waiting), static lease => lease.Dispose());
    }

    [Fact]
    public async Task ModelThatIsUnloadedWhileRequestsWait_IsUnknownToThem()
    {
        Start(Model("a"));
        var request = FailAsync("a");
        await _loader.Load("a", 1).Begun;
        await Manager.UnloadAsync("a");
        Assert.Equal(ErrorCode.NotFound, (await request).Code);
    }

    [Fact]
    public async Task ServerThatStops_LetsNobodyWait()
    {
        Start(Model("a"));
        var request = FailAsync("a");
        await _loader.Load("a", 1).Begun;
        Assert.True(await Manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
        Assert.Contains((await request).Code, (ErrorCode[])[ErrorCode.Unavailable, ErrorCode.NotFound]);
    }

    [Fact]
    public async Task ModelThatIsLoadedByName_IsLoadedAtOnce()
    {
        Start();
        var load = Manager.LoadAsync(Model("a"));
        await _loader.Load("a", 1).SucceedAsync(_time);
        Assert.Null(await load.WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(ModelState.Ready, Status("a").State);
    }

    [Fact]
    public async Task FilesThatChangeWhileTheModelIsAsleep_AreThoseThatAreLoaded()
    {
        Start(Model("a"));
        Manager.Aspire([AspiredFixture.Model("a", [1], "new", config: OnDemand)]);
        var request = AcquireAsync("a");
        await _loader.Load("a", 1, "new").SucceedAsync(_time);
        (await request).Dispose();
        Assert.Equal(1, _loader.Count("a"));
    }

    [Fact]
    public async Task TargetOfAnAlias_IsLoadedWhenItIsChosen_AndLeavesItsRequestsToTheOthersWhenThatFails()
    {
        Start(Model("a"), Model("b"));
        var aliases = Aliases(new AliasConfig("x", [new AliasTarget("a", null, 1, true), new AliasTarget("b", 1, 1, false)]));
        using var shadows = new ShadowSender(_engine!, new ServerPhase(), _time, NullLogger<ShadowSender>.Instance);
        var routed = new RoutedEngine(_engine!, aliases, _catalog, shadows, new ServerPhase(), _time) { Random = new First() };
        Assert.True(aliases.Find("x")!.IsReady);
        var request = routed.AcquireAsync("x", "", Token).AsTask();
        await _loader.Load("a", 1).Begun;
        _loader.Load("a", 1).Fail("it is broken");
        await _loader.Load("b", 1).SucceedAsync(_time);
        Assert.True((await request.WaitAsync(TestTimeouts.Phase, Token)).TryGet(out var lease, out _));
        Assert.Equal("b", lease.Model.Name);
        lease.Dispose();
        Assert.Equal([1, 0], aliases.Find("x")!.Targets.Select(static target => target.Skipped));
    }

    private static AspiredModel Model(string name, long bytes = 10, string config = "") => AspiredFixture.Model(name, [1], config: OnDemand + config, bytes: bytes);

    private void Start(params AspiredModel[] models) => Start(new ResidencyOptions(), models);

    private void Start(ResidencyOptions residency, params AspiredModel[] models)
    {
        var options = new CoreOptions { Identity = new ServerIdentity("test", "0"), Repositories = [], ModelLoadThreads = 8, ExitTimeout = TestTimeouts.Phase, Residency = residency };
        _manager = new ModelManager(_catalog, _loader, _meter, _time, options, NullLogger<ModelManager>.Instance);
        _engine = new InferenceEngine(_catalog, _any.Pool, new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance), new ServerPhase(), options.Scheduler, _time)
        {
            ColdStarts = new ColdStarts(_manager, residency, _time),
        };
        _manager.Start();
        _manager.Aspire([.. models]);
        Assert.True(SpinWait.SpinUntil(() => _manager.Statuses.Length == models.Length, TestTimeouts.Phase));
    }

    private ModelControl Control() => new(_catalog, Manager, null!, new ServerPhase(), _time, new CoreOptions { Identity = new ServerIdentity("test", "0"), Repositories = [] }, null!)
    {
        Log = null!,
        Tracing = null!,
        Routing = Aliases(),
        ColdStarts = new ColdStarts(Manager, new ResidencyOptions(), _time),
    };

    private AliasRegistry Aliases(params AliasConfig[] aliases)
    {
        var registry = new AliasRegistry(_catalog, static () => new HashSet<string>(), ModelControlMode.None, _time, NullLogger<AliasRegistry>.Instance);
        registry.Apply(new AliasFileSet([.. aliases], [], ""));
        return registry;
    }

    private async Task<ModelLease> AcquireAsync(string model, string version = "")
    {
        Assert.True((await _engine!.AcquireAsync(model, version, Token).AsTask().WaitAsync(TestTimeouts.Phase, Token)).TryGet(out var lease, out var error), error?.Message);
        return lease;
    }

    private async Task<InferenceError> FailAsync(string model)
    {
        Assert.False((await _engine!.AcquireAsync(model, "", Token).AsTask().WaitAsync(TestTimeouts.Phase, Token)).TryGet(out _, out var error));
        return error;
    }

    private async Task<ModelLease> LoadAsync(string model, bool isLoaded = false)
    {
        var lease = AcquireAsync(model);
        if (!isLoaded)
        {
            await ServeAsync(model);
        }

        return await lease;
    }

    /// <summary>Ends a load; the process takes as much more as the files of the model hold.</summary>
    private async Task ServeAsync(string model)
    {
        await _loader.Load(model, 1).Begun;
        _meter.Bytes += Manager.Aspired.GetValueOrDefault(model)!.Versions[0].Files.Bytes;
        await _loader.Load(model, 1).SucceedAsync(_time);
    }

    /// <summary>Asks once, a second after whoever asked last.</summary>
    private async Task UseAsync(string model)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        var isLoaded = Status(model).State == ModelState.Ready;
        (await LoadAsync(model, isLoaded)).Dispose();
        await Waiting.UntilAsync(() => !Manager.Statuses.Any(static status => status.State == ModelState.Draining));
    }

    private ModelStatus Status(string name) => Manager.Statuses.Last(status => status.Name == name);

    private ModelState[] States() => [.. Manager.Statuses.Select(static status => status.State)];

    /// <summary>Chance that always chooses the first.</summary>
    private sealed class First : Random
    {
        public override double NextDouble() => 0;
    }
}
