using System.Collections.Frozen;
using System.Collections.Immutable;

namespace InferenceServer.Core.Repository;

/// <summary>Which models plain names stand for, where each repository is a namespace. Immutable.</summary>
internal sealed class PlainNames
{
    private readonly FrozenDictionary<string, ImmutableArray<string>> _names;

    /// <param name="names">The qualified names; plain ones among them stand for themselves and are left out.</param>
    public PlainNames(IEnumerable<string> names) => _names = names
        .Where(static name => ModelNamespaces.TrySplit(name, out _, out _))
        .GroupBy(ModelNamespaces.PlainOf, StringComparer.Ordinal)
        .ToFrozenDictionary(static group => group.Key, static group => group.Order(StringComparer.Ordinal).ToImmutableArray(), StringComparer.Ordinal);

    /// <summary>No names.</summary>
    public static PlainNames None { get; } = new([]);

    /// <summary>Every plain name with the models that it stands for.</summary>
    public IEnumerable<KeyValuePair<string, ImmutableArray<string>>> All => _names;

    /// <summary>The models that a plain name stands for, in their order; empty for none.</summary>
    public ImmutableArray<string> Find(string plain) => _names.GetValueOrDefault(plain, []);
}
