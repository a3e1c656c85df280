using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Tests.Lifecycle;
using InferenceServer.Core.Tests.Residency;
using InferenceServer.Core.Tests.Warmup;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Namespaces;

/// <summary>What plain names mean to requests while models of several namespaces come and go.</summary>
public sealed class PlainNameTests : IAsyncDisposable
{
    private readonly WarmupLogs _log = new();
    private readonly ModelCatalog _catalog;
    private readonly StepLoader _loader = new();
    private readonly ModelManager _manager;

    public PlainNameTests()
    {
        _catalog = new ModelCatalog { UsesNamespaces = true, Logger = _log };
        var options = new CoreOptions { Identity = new ServerIdentity("test", "0"), Repositories = [], ModelLoadThreads = 8, ExitTimeout = TestTimeouts.Phase };
        _manager = new ModelManager(_catalog, _loader, new FakeMeter(), TimeProvider.System, options, NullLogger<ModelManager>.Instance);
        _manager.Start();
        _manager.Aspire([]);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token);
        _manager.Dispose();
    }

    [Fact]
    public async Task PlainName_MeansTheOnlyModelThatHasIt()
    {
        await LoadAsync("east::m", 1);
        await LoadAsync("east::n", 1);
        Assert.Equal("east::m", Asked("m"));
        Assert.Equal("east::m", Asked("east::m"));
        Assert.Equal("east::n", Asked("n"));
        Assert.Equal(ErrorCode.NotFound, Refusal("o").Code);
        Assert.Equal("Request for unknown model: 'o' is not found", Refusal("o").Message);
        Assert.Equal(ErrorCode.NotFound, Refusal("west::m").Code);
    }

    [Fact]
    public async Task PlainName_OfTwoModels_IsRefusedWithTheChoices()
    {
        await LoadAsync("west::m", 1);
        await LoadAsync("east::m", 1);
        var refusal = Refusal("m");
        Assert.Equal(ErrorCode.InvalidArgument, refusal.Code);
        Assert.Equal("Request for model 'm': several namespaces have a model of this name; ask for one of 'east::m', 'west::m'", refusal.Message);
        Assert.Equal("m", refusal.Subject);
        Assert.Equal("west::m", Asked("west::m"));
        Assert.False(StatisticsReader.TryRead(_catalog, "m", "", out _, out var error));
        Assert.Equal(refusal, error);
        Assert.False(_catalog.TryFind("m", "", out _, out var asleep, out _));
        Assert.Null(asleep);

        // Whoever has used the plain name until now is refused from now on: an operator must be able to find out why.
        Assert.Equal("The name m alone stands for several models now, 'east::m', 'west::m': requests that do not say which are refused", Assert.Single(_log.Lines).Message);
    }

    [Fact]
    public async Task PlainName_CountsAModelThatLoadsOrHasFailed()
    {
        await LoadAsync("east::m", 1);
        var loading = _manager.LoadAsync(AspiredFixture.Model("west::m", [1]));
        await _loader.Load("west::m", 1).Begun;
        await AnsweredAsync();
        Assert.Equal(ErrorCode.InvalidArgument, Refusal("m").Code);
        _loader.Load("west::m", 1).Fail("junk");
        await loading.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(ErrorCode.InvalidArgument, Refusal("m").Code);
        Assert.Equal("east::m", Asked("east::m"));
    }

    [Fact]
    public async Task PlainName_DoesNotChangeItsMeaningWithAReload()
    {
        await LoadAsync("east::m", 1);
        await LoadAsync("west::m", 1);
        var reload = _manager.LoadAsync(AspiredFixture.Model("east::m", [1], fingerprint: "other"));
        await _loader.Load("east::m", 1, "other").Begun;
        await AnsweredAsync();
        Assert.Equal(ErrorCode.InvalidArgument, Refusal("m").Code);
        _loader.Load("east::m", 1, "other").Fail("junk");
        await reload.WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(ErrorCode.InvalidArgument, Refusal("m").Code);
    }

    [Fact]
    public async Task PlainName_MeansTheOtherModelOnceOneIsUnloaded()
    {
        await LoadAsync("east::m", 1);
        await LoadAsync("west::m", 1);
        Assert.True(_catalog.TryAcquire("west::m", "", out var lease, out _));
        await _manager.UnloadAsync("west::m").WaitAsync(TestTimeouts.Phase, Token);

        // It still drains, and is known when that has ended.
        Assert.Equal("east::m", Asked("m"));
        lease.Dispose();
        await _manager.UnloadAsync("east::m").WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal(ErrorCode.InvalidArgument, Refusal("m").Code);
        Assert.Equal("Request for unknown model: 'east::m' has no available versions", Refusal("east::m").Message);
        Assert.Single(_log.Lines);
    }

    [Fact]
    public async Task PlainName_OfAModelThatIsUnloaded_TellsWhichThatIs()
    {
        await LoadAsync("east::m", 1);
        await _manager.UnloadAsync("east::m").WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal("Request for unknown model: 'east::m' has no available versions", Refusal("m").Message);
    }

    [Fact]
    public async Task ModelWithoutANamespace_GoesBefore()
    {
        await LoadAsync("east::m", 1);
        await LoadAsync("m", 2);
        Assert.Equal("m", Asked("m"));
        Assert.Equal("east::m", Asked("east::m"));
    }

    [Fact]
    public async Task NameThatCouldNotBeLoaded_HidesNothing()
    {
        _manager.Aspire([new AspiredModel("m", [], "several namespaces have a model of this name")]);
        await AnsweredAsync();
        Assert.Equal("Request for unknown model: 'm' has no available versions", Refusal("m").Message);
        await LoadAsync("east::m", 1);
        Assert.Equal("east::m", Asked("m"));
        Assert.Contains(_manager.Statuses, static status => status is { Name: "m", State: ModelState.Failed });
    }

    [Fact]
    public async Task ModelsThatComeTogether_NobodyIsTold()
    {
        _manager.Aspire([AspiredFixture.Model("east::m", [1]), AspiredFixture.Model("west::m", [1])]);
        await _loader.Load("east::m", 1).SucceedAsync();
        await _loader.Load("west::m", 1).SucceedAsync();
        await AnsweredAsync();
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Asking_AllocatesNothing()
    {
        await LoadAsync("east::m", 1);
        Assert.Equal(0, Measure("m"));
        Assert.Equal(0, Measure("east::m"));

        long Measure(string name)
        {
            Ask(name);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Ask(name);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void Ask(string name)
        {
            for (var i = 0; i < 100; i++)
            {
                Assert.True(_catalog.TryFind(name, "", out _, out _));
            }
        }
    }

    [Fact]
    public async Task WithoutNamespaces_ANameMeansItselfAlone()
    {
        var catalog = new ModelCatalog();
        await using var model = new ServedModelFixture(name: "east::m");
        catalog.Publish(new ServingSnapshot([new ServedVersions("east::m", [model.Served], [])]));
        Assert.True(catalog.TryFind("east::m", "", out _, out _));
        Assert.False(catalog.TryFind("m", "", out _, out var error));
        Assert.Equal(ErrorCode.NotFound, error.Code);
    }

    /// <summary>Ends when requests see all that was asked of the manager before: it answers in order, and what it has published first.</summary>
    private Task AnsweredAsync() => _manager.UnloadAsync("nobody").WaitAsync(TestTimeouts.Phase, Token);

    private async Task LoadAsync(string name, long version)
    {
        var load = _manager.LoadAsync(AspiredFixture.Model(name, [version]));
        await _loader.Load(name, version).SucceedAsync();
        Assert.Null(await load.WaitAsync(TestTimeouts.Phase, Token));
    }

    private string Asked(string name)
    {
        Assert.True(_catalog.TryAcquire(name, "", out var lease, out var error), error?.Message);
        using (lease)
        {
            return lease.Model.Name;
        }
    }

    private InferenceError Refusal(string name)
    {
        Assert.False(_catalog.TryAcquire(name, "", out _, out var error));
        return error;
    }
}
