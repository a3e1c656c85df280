using InferenceServer.Core.Lifecycle;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>What requests find while what there is changes.</summary>
public sealed class ModelCatalogTests
{
    /// <summary>Whoever asks in the very moment in which a model becomes ready must hear either that it is or that it will be, never that it is still loading.</summary>
    [Fact]
    public async Task ModelThatIsLoadedWhenItIsAskedFor_IsThereOrOnItsWay_AtEveryMoment()
    {
        await using var model = new ServedModelFixture();
        OnDemandVersion[] known = [new(model.Served.Name, model.Served.Version, null)];
        var loading = new ServingSnapshot([new ServedVersions(model.Served.Name, [], [model.Served.Version]) { OnDemand = [.. known], IsLoading = true }]);
        var ready = new ServingSnapshot([new ServedVersions(model.Served.Name, [model.Served], []) { OnDemand = [.. known] }]);
        var catalog = new ModelCatalog();
        catalog.Publish(loading);
        using var ended = new CancellationTokenSource();
        var changing = Task.Run(
            () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    catalog.Publish(ready);
                    catalog.Publish(loading);
                }
            },
            TestContext.Current.CancellationToken);
        var (there, asleep) = (0, 0);
        for (var i = 0; i < 200_000 || there == 0 || asleep == 0; i++)
        {
            if (i % 10_000 == 0)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }

            if (catalog.TryAcquire(model.Served.Name, "", out var lease, out var later, out var error))
            {
                lease.Dispose();
                there++;
            }
            else
            {
                Assert.True(later is not null, error.Message);
                asleep++;
            }
        }

        await ended.CancelAsync();
        await changing;
    }
}
