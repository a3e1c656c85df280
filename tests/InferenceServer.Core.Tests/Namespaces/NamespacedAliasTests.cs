using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Routing;
using InferenceServer.Core.Tests.Routing;
using InferenceServer.Core.Tests.Warmup;
using Xunit;

namespace InferenceServer.Core.Tests.Namespaces;

public sealed class NamespacedAliasTests : IAsyncLifetime
{
    private readonly WarmupLogs _log = new();
    private readonly AliasFixture _aliases;
    private readonly ServedModelFixture _east = new(name: "east::m");
    private readonly ServedModelFixture _west = new(name: "west::m");

    public NamespacedAliasTests()
    {
        _aliases = new AliasFixture(ModelControlMode.Explicit, usesNamespaces: true, _log);
        _aliases.ModelNames.Clear();
        _aliases.ModelNames.UnionWith(["east::m", "west::m", "west::n"]);
        Publish(_east);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _east.DisposeAsync();
        await _west.DisposeAsync();
    }

    [Fact]
    public async Task Alias_GoesBeforeThePlainNameOfModels()
    {
        await _aliases.PutAsync("m", """{"targets": [{"model": "east::m", "weight": 1, "stable": true}, {"model": "west::m", "weight": 1}]}""");
        Assert.NotNull(_aliases.Registry.FindRoute("m"));
        Assert.False(_aliases.Registry.Find("m")!.IsHidden);
        Publish(_east, _west);
        Assert.NotNull(_aliases.Registry.FindRoute("m"));
        Assert.Equal(ErrorCode.AlreadyExists, (await _aliases.TryPutAsync("east::m", """{"targets": [{"model": "west::m", "weight": 1}]}""")).Error?.Code);

        // Its own name is no model's any more.
        Assert.Contains("'n' is an alias itself", (await _aliases.TryPutAsync("n", """{"targets": [{"model": "n", "weight": 1}]}""")).Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Target_MayHaveAPlainName_AsLongAsThatMeansOneModel()
    {
        var alias = await _aliases.PutAsync("a", """{"targets": [{"model": "m", "weight": 1}]}""");
        Assert.True(alias.IsReady);
        Publish(_east, _west);
        Assert.False(_aliases.Registry.Find("a")!.IsReady);
    }

    [Fact]
    public void Targets_ThatMeanNoModelOrSeveral_AreToldOf()
    {
        var document = AliasReader.ReadAll(AliasFixture.Bytes("""{"aliases": {"a": {"targets": [{"model": "m", "weight": 1, "stable": true}, {"model": "n", "weight": 1}, {"model": "o", "weight": 1}, {"model": "west::m", "weight": 1}]}}}"""), "aliases.json");
        _aliases.Apply([.. document.Aliases.Select(static declared => declared.Config)]);
        Assert.Equal(
            [
                "Alias a: 'm' may be one of 'east::m', 'west::m'; its share goes to the other targets until the alias says which",
                "Alias a: no repository has the model 'o' now; its share goes to the other targets",
            ],
            _log.Lines.Where(static line => line.Level == Microsoft.Extensions.Logging.LogLevel.Warning).Select(static line => line.Message));
    }

    private void Publish(params ServedModelFixture[] models) =>
        _aliases.Catalog.Publish(new ServingSnapshot(models.Select(static model => new ServedVersions(model.Served.Name, [model.Served], []))));
}
