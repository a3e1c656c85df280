using System.Text;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Routing;

/// <summary>Aliases over a catalog that a test fills, changed as by requests.</summary>
internal sealed class AliasFixture
{
    public AliasFixture(ModelControlMode mode = ModelControlMode.Explicit, bool usesNamespaces = false, ILoggerFactory? log = null)
    {
        Catalog = new ModelCatalog { UsesNamespaces = usesNamespaces };
        Registry = new AliasRegistry(Catalog, () => ModelNames, mode, Time, log?.CreateLogger<AliasRegistry>() ?? NullLogger<AliasRegistry>.Instance);
    }

    public ModelCatalog Catalog { get; }

    public FakeTimeProvider Time { get; } = new();

    /// <summary>Versions of a model that would be loaded if somebody asked: as ready as those that serve.</summary>
    public void Serve(string model, params long[] versions) =>
        Catalog.Publish(new ServingSnapshot([new ServedVersions(model, [], []) { OnDemand = [.. versions.Select(version => new OnDemandVersion(model, version, null))] }]));

    public HashSet<string> ModelNames { get; } = ["m", "n", "s"];

    public AliasRegistry Registry { get; }

    public static ReadOnlyMemory<byte> Bytes(string json) => Encoding.UTF8.GetBytes(json);

    public async Task<AliasStatus> PutAsync(string name, string json)
    {
        var change = await TryPutAsync(name, json);
        Assert.Null(change.Error);
        return change.Status!;
    }

    public Task<AliasChange> TryPutAsync(string name, string json, AliasCondition? condition = null) => Registry.PutAsync(name, Bytes(json), condition ?? AliasCondition.None);

    public void Apply(params AliasConfig[] configs) => Registry.Apply(new AliasFileSet([.. configs], [], ""));

    /// <summary>The targets in force, as their weights.</summary>
    public string Weights(string name) => string.Join(' ', Registry.Find(name)!.Config.Targets.Select(static target => $"{target.Model}{target.VersionText}={target.Weight}{(target.IsStable ? "*" : "")}"));
}
