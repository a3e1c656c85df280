using System.Collections.Frozen;
using System.Collections.Immutable;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What serves at one moment, and what is known besides. Immutable: a change makes another one.</summary>
internal sealed class ServingSnapshot
{
    private readonly FrozenDictionary<string, ServedVersions> _models;

    // Null where repositories are no namespaces: then nobody pays for them.
    private readonly FrozenDictionary<string, ServedVersions>? _plain;

    public ServingSnapshot(IEnumerable<ServedVersions> models)
    {
        _models = models.ToFrozenDictionary(static model => model.Name, StringComparer.Ordinal);
        PlainNames = PlainNames.None;
    }

    private ServingSnapshot(FrozenDictionary<string, ServedVersions> models, PlainNames names)
    {
        // Somebody has asked for a plain name to be loaded when no repository had it, or several: it must not hide what has come since.
        _models = models.Values.Any(IsHidden) ? models.Where(model => !IsHidden(model.Value)).ToFrozenDictionary(StringComparer.Ordinal) : models;
        PlainNames = names;
        _plain = names.All.Where(static name => name.Value.Length == 1).ToFrozenDictionary(static name => name.Key, name => models[name.Value[0]], StringComparer.Ordinal);

        bool IsHidden(ServedVersions model) => model.IsNameAlone && !names.Find(model.Name).IsEmpty;
    }

    /// <summary>Before the repository has been read for the first time.</summary>
    public static ServingSnapshot BeforeStart { get; } = new([]);

    public ImmutableArray<ServedVersions> Models => _models.Values;

    /// <summary>What plain names stand for; none where repositories are no namespaces.</summary>
    public PlainNames PlainNames { get; }

    /// <summary>Finds a model by its name, or by the plain one where that stands for no other.</summary>
    public ServedVersions? Find(string name) => _models.TryGetValue(name, out var model) ? model : _plain?.GetValueOrDefault(name);

    /// <summary>Finds a model by its whole name alone.</summary>
    public ServedVersions? FindExact(string name) => _models.GetValueOrDefault(name);

    /// <summary>
    /// The same, with plain names. A model that is not wanted any more has its plain name only as long as no other has: who unloads one of two has said which is meant from now on.
    /// One that is wanted counts whether it serves, loads or has failed, so that the answer does not change with a reload.
    /// </summary>
    public ServingSnapshot WithPlainNames()
    {
        var wanted = _models.Values.Where(static model => model.IsWanted).Select(static model => ModelNamespaces.PlainOf(model.Name)).ToHashSet(StringComparer.Ordinal);
        return new ServingSnapshot(_models, new PlainNames(_models.Values.Where(model => model.IsWanted || !wanted.Contains(ModelNamespaces.PlainOf(model.Name))).Select(static model => model.Name)));
    }
}
