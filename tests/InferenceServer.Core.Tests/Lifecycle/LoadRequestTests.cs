using InferenceServer.Core.Configuration;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Tests.Residency;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>Loads and unloads that are asked for one by one.</summary>
public sealed class LoadRequestTests : IAsyncDisposable
{
    private readonly ModelCatalog _catalog = new();
    private readonly StepLoader _loader = new();
    private readonly ModelManager _manager;
    private bool _isStopped;

    public LoadRequestTests()
    {
        var options = new CoreOptions { Identity = new ServerIdentity("test", "0"), Repositories = [], ModelLoadThreads = 8, ExitTimeout = TestTimeouts.Phase };
        _manager = new ModelManager(_catalog, _loader, new FakeMeter(), TimeProvider.System, options, NullLogger<ModelManager>.Instance);
        _manager.Start();
        _manager.Aspire([]);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (!_isStopped)
        {
            await _manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token);
        }

        _manager.Dispose();
    }

    [Fact]
    public async Task Load_EndsWhenTheModelServesAndLeavesOthersAlone()
    {
        await LoadAsync("a", 1);
        var other = _manager.LoadAsync(AspiredFixture.Model("b", [1]));
        await _loader.Load("b", 1).Begun;
        Assert.False(other.IsCompleted);
        await _loader.Load("b", 1).SucceedAsync();
        Assert.Null(await other.WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal("1 1", $"{Serving("a")} {Serving("b")}");
    }

    [Fact]
    public async Task Load_OfWhatServesAlready_EndsAtOnceAndLoadsNothing()
    {
        await LoadAsync("a", 1);
        Assert.Null(await _manager.LoadAsync(AspiredFixture.Model("a", [1])).WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(1, _loader.Count("a"));
    }

    [Fact]
    public async Task FiftyLoadsAtOnce_AreOne()
    {
        var loads = Enumerable.Range(0, 50).Select(_ => _manager.LoadAsync(AspiredFixture.Model("a", [1]))).ToArray();
        await _loader.Load("a", 1).SucceedAsync();
        Assert.All(await Task.WhenAll(loads).WaitAsync(TestTimeouts.Phase, Token), static reason => Assert.Null(reason));
        Assert.Equal(1, _loader.Count("a"));
    }

    [Fact]
    public async Task FailedLoad_TellsTheReasonAndIsTriedAgainWhenAskedAgain()
    {
        var first = _manager.LoadAsync(AspiredFixture.Model("a", [1]));
        await _loader.Load("a", 1).Begun;
        _loader.Load("a", 1).Fail("no memory");
        Assert.Equal(new LoadFailure("version 1 is at UNAVAILABLE state: no memory"), await first.WaitAsync(TestTimeouts.Phase, Token));
        _loader.Renew("a", 1);
        var second = _manager.LoadAsync(AspiredFixture.Model("a", [1]));
        await _loader.Load("a", 1).SucceedAsync();
        Assert.Null(await second.WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(ModelState.Ready, Assert.Single(_manager.Statuses).State);
    }

    [Fact]
    public async Task FailedReplacement_LeavesTheOldServingAndIsKnown()
    {
        await LoadAsync("a", 1);
        var failing = _manager.LoadAsync(AspiredFixture.Model("a", [3]));
        await _loader.Load("a", 3).Begun;
        _loader.Load("a", 3).Fail("junk");
        Assert.Contains("junk", (await failing.WaitAsync(TestTimeouts.Phase, Token))?.Reason, StringComparison.Ordinal);
        Assert.Equal("1", Serving("a"));

        // And when something else is wanted again, what became of it is still known.
        Assert.Null(await _manager.LoadAsync(AspiredFixture.Model("a", [1])).WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(["1 Ready ", "3 Failed junk"], Known("a"));
        Assert.True(_catalog.TryAcquire("a", "", out var lease, out _));
        lease.Dispose();
        Assert.False(_catalog.TryAcquire("a", "3", out _, out var error));
        Assert.Contains("not at ready state", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unload_EndsWhenNobodyGetsInAnyMoreAndIsRemembered()
    {
        var fixture = await LoadAsync("a", 1);
        Assert.True(_catalog.TryAcquire("a", "", out var lease, out _));
        await _manager.UnloadAsync("a").WaitAsync(TestTimeouts.Phase, Token);
        Assert.False(_catalog.TryAcquire("a", "", out _, out var error));
        Assert.Contains("has no available versions", error.Message, StringComparison.Ordinal);
        Assert.Equal(["1 Draining "], Known("a"));
        lease.Dispose();
        await Waiting.UntilAsync(() => fixture.Backend.LivingModels == 0 && Known("a") is ["1 Unloaded unloaded"]);
    }

    [Fact]
    public async Task LoadWhileTheOldOneDrains_ServesAgain()
    {
        await LoadAsync("a", 1);
        Assert.True(_catalog.TryAcquire("a", "", out var lease, out _));
        await _manager.UnloadAsync("a").WaitAsync(TestTimeouts.Phase, Token);
        _loader.Renew("a", 1);
        var load = _manager.LoadAsync(AspiredFixture.Model("a", [1]));
        await _loader.Load("a", 1).SucceedAsync();
        Assert.Null(await load.WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal("1", Serving("a"));
        lease.Dispose();
        await Waiting.UntilAsync(() => Known("a") is ["1 Ready "]);
    }

    [Fact]
    public async Task UnloadOfAFailedModel_ForgivesIt()
    {
        var failing = _manager.LoadAsync(AspiredFixture.Model("a", [1]));
        await _loader.Load("a", 1).Begun;
        _loader.Load("a", 1).Fail("junk");
        await failing.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(["1 Failed junk"], Known("a"));
        await _manager.UnloadAsync("a").WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(["1 Unloaded unloaded"], Known("a"));
    }

    [Fact]
    public async Task LoadThatIsOvertaken_IsToldSo()
    {
        var first = _manager.LoadAsync(AspiredFixture.Model("a", [1]));
        await _loader.Load("a", 1).Begun;
        await _manager.UnloadAsync("a").WaitAsync(TestTimeouts.Phase, Token);
        var overtaken = await first.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Contains("came in between", overtaken!.Reason, StringComparison.Ordinal);
        Assert.True(overtaken.IsRetryable);

        // And the load ends, since nobody wants it any more.
        await Waiting.UntilAsync(() => Known("a") is ["1 Unloaded unloaded"]);
    }

    [Fact]
    public async Task LoadThatIsEndedAndWantedAgain_IsBegunAnew()
    {
        var first = _manager.LoadAsync(AspiredFixture.Model("a", [1]));
        await _loader.Load("a", 1).Begun;
        await _manager.UnloadAsync("a").WaitAsync(TestTimeouts.Phase, Token);
        _loader.Renew("a", 1);
        var second = _manager.LoadAsync(AspiredFixture.Model("a", [1]));
        await _loader.Load("a", 1).SucceedAsync();
        Assert.Null(await second.WaitAsync(TestTimeouts.Phase, Token));
        Assert.NotNull(await first.WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal("1", Serving("a"));
    }

    [Fact]
    public async Task OtherVersionPolicy_ReloadsNothingAndShows()
    {
        var fixture = await LoadAsync("a", 1);
        Assert.Equal(new VersionPolicy.All(), fixture.Served.Config.VersionPolicy);
        Assert.Null(await _manager.LoadAsync(AspiredFixture.Model("a", [1], policy: "latest { num_versions: 3 }")).WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal(new VersionPolicy.Latest(3), fixture.Served.Config.VersionPolicy);
        Assert.Equal(3u, fixture.Served.Config.ToMessage().VersionPolicy.Latest.NumVersions);
        Assert.Null(await _manager.LoadAsync(AspiredFixture.Model("a", [1], policy: "specific { versions: [ 1, 2 ] }")).WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal([1, 2], fixture.Served.Config.ToMessage().VersionPolicy.Specific.Versions);
        Assert.Equal(1, _loader.Count("a"));
    }

    [Fact]
    public async Task Stop_LetsNobodyWait()
    {
        var load = _manager.LoadAsync(AspiredFixture.Model("a", [1]));
        await _loader.Load("a", 1).Begun;
        _isStopped = true;
        Assert.True(await _manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
        Assert.NotNull(await load.WaitAsync(TestTimeouts.Phase, Token));
        var late = await _manager.LoadAsync(AspiredFixture.Model("b", [1])).WaitAsync(TestTimeouts.Phase, Token);
        Assert.Contains("stopping", late!.Reason, StringComparison.Ordinal);
        Assert.True(late.IsRetryable);
        await _manager.UnloadAsync("b").WaitAsync(TestTimeouts.Phase, Token);
    }

    private async Task<ServedModelFixture> LoadAsync(string name, long version)
    {
        var load = _manager.LoadAsync(AspiredFixture.Model(name, [version]));
        var fixture = await _loader.Load(name, version).SucceedAsync();
        Assert.Null(await load.WaitAsync(TestTimeouts.Phase, Token));
        Assert.Equal($"{version}", Serving(name));
        return fixture;
    }

    private string[] Known(string name) => [.. _manager.Statuses.Where(status => status.Name == name).Select(static status => $"{status.Version} {status.State} {status.Reason}")];

    private string Serving(string name) => string.Join(',', _catalog.Current.Find(name)!.Ready.Select(static served => served.Version));
}
