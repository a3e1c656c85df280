using System.Collections.Immutable;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Residency;
using InferenceServer.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Inference;

public sealed class ModelControlTests
{
    private readonly ModelCatalog _catalog = new();
    private readonly Statuses _statuses = new();
    private readonly ServerPhase _phase = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(30_000, 800)]
    [InlineData(300, 300)]
    public async Task Probe_WhileTheModelsLoad_IsHeldUpForLessThanASecond(int startupHold, int expected)
    {
        var held = Control(startupHold).WaitForProbeAsync(Token).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(expected - 1));
        Assert.False(held.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await held.WaitAsync(TestTimeouts.Phase, Token);
    }

    [Fact]
    public async Task Question_WhileTheModelsLoad_IsHeldUpForAsLongAsIsSet()
    {
        var held = Control(30_000).WaitForStartAsync(Token).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(29_999));
        Assert.False(held.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await held.WaitAsync(TestTimeouts.Phase, Token);
    }

    [Fact]
    public async Task Probe_ModelsSettleMeanwhile_IsAnsweredAtOnce()
    {
        var held = Control(30_000).WaitForProbeAsync(Token).AsTask();
        _statuses.Settle();
        await held.WaitAsync(TestTimeouts.Phase, Token);
    }

    [Fact]
    public async Task Probe_ServerStopsMeanwhile_IsAnsweredAtOnce()
    {
        var held = Control(30_000).WaitForProbeAsync(Token).AsTask();
        _phase.BeginStop();
        await held.WaitAsync(TestTimeouts.Phase, Token);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Probe_SettledOrStopping_IsNotHeldUp(bool isSettled, bool isStopping)
    {
        if (isSettled)
        {
            _statuses.Settle();
        }

        if (isStopping)
        {
            _phase.BeginStop();
        }

        var held = Control(30_000).WaitForProbeAsync(Token).AsTask();
        Assert.True(held.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Probe_ClientGoes_IsCancelled()
    {
        using var client = new CancellationTokenSource();
        var held = Control(30_000).WaitForProbeAsync(client.Token).AsTask();
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held.WaitAsync(TestTimeouts.Phase, Token));
    }

    [Fact]
    public async Task ListReady_Models_AreInOrderAndTheSameArrayUntilSomethingChanges()
    {
        await using var first = new ServedModelFixture(name: "b", version: 1);
        await using var second = new ServedModelFixture(name: "b", version: 12);
        await using var other = new ServedModelFixture(name: "a", version: 3);
        var control = Control(0);
        Assert.Empty(control.ListReady());
        _catalog.Publish(new ServingSnapshot([
            new ServedVersions("b", [first.Served, second.Served], [5]),
            new ServedVersions("a", [other.Served], []),
            new ServedVersions("broken", [], [1])]));

        var listed = control.ListReady();

        Assert.Equal([("a", 3L), ("b", 1L), ("b", 12L)], listed.Select(static model => (model.Config.Name, model.Version)));
        Assert.Equal([1L, 12L], listed[1].ReadyVersions);
        Assert.Equal(listed, control.ListReady());
        _catalog.Publish(new ServingSnapshot([new ServedVersions("a", [other.Served], [])]));
        Assert.Equal(["a"], control.ListReady().Select(static model => model.Config.Name));
    }

    private ModelControl Control(int startupHold) => new(
        _catalog,
        _statuses,
        null!,
        _phase,
        _time,
        new CoreOptions { Identity = new ServerIdentity("test", "0"), Repositories = [], StartupHold = TimeSpan.FromMilliseconds(startupHold) },
        null!)
    {
        Log = null!,
        Tracing = null!,
    };

    private sealed class Statuses : IModelStatusSource
    {
        private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        ImmutableArray<ModelStatus> IModelStatusSource.Statuses => [];

        public ImmutableArray<ModelLoadCount> LoadCounts => [];

        public ImmutableArray<ModelResidencyCount> ResidencyCounts => [];

        public Task FirstSettled => _settled.Task;

        public void Settle() => _settled.SetResult();
    }
}
