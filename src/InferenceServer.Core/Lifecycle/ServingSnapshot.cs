using System.Collections.Frozen;
using System.Collections.Immutable;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What serves at one moment, and what is known besides. Immutable: a change makes another one.</summary>
internal sealed class ServingSnapshot
{
    private readonly FrozenDictionary<string, ServedVersions> _models;

    public ServingSnapshot(IEnumerable<ServedVersions> models) => _models = models.ToFrozenDictionary(static model => model.Name, StringComparer.Ordinal);

    /// <summary>Before the repository has been read for the first time.</summary>
    public static ServingSnapshot BeforeStart { get; } = new([]);

    public ImmutableArray<ServedVersions> Models => _models.Values;

    public ServedVersions? Find(string name) => _models.GetValueOrDefault(name);
}
