using System.Collections.Frozen;
using System.Collections.Immutable;

namespace InferenceServer.Core.Routing;

/// <summary>Every alias at one moment. Immutable: a change makes another one.</summary>
internal sealed class RoutingTable
{
    private readonly FrozenDictionary<string, AliasRoute> _routes;

    public RoutingTable(IEnumerable<AliasRoute> routes)
    {
        Routes = [.. routes.OrderBy(static route => route.Name, StringComparer.Ordinal)];
        _routes = Routes.ToFrozenDictionary(static route => route.Name, StringComparer.Ordinal);
    }

    /// <summary>No aliases.</summary>
    public static RoutingTable Empty { get; } = new([]);

    /// <summary>The aliases, by name.</summary>
    public ImmutableArray<AliasRoute> Routes { get; }

    public bool IsEmpty => Routes.IsEmpty;

    public AliasRoute? Find(string name) => _routes.GetValueOrDefault(name);

    /// <summary>The same with one alias in place of the one of its name.</summary>
    public RoutingTable With(AliasRoute route) => new(Routes.Where(other => other.Name != route.Name).Append(route));

    /// <summary>The same without one alias.</summary>
    public RoutingTable Without(string name) => new(Routes.Where(other => other.Name != name));
}
