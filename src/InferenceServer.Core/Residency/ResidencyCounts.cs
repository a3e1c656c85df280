using System.Collections.Immutable;

namespace InferenceServer.Core.Residency;

/// <summary>Counts how models come and go on demand. Safe for several threads.</summary>
internal sealed class ResidencyCounts
{
    /// <summary>The most names that are counted on their own: whoever may load models may make up any number of them.</summary>
    public const int MaxNames = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ModelResidencyCount> _counts = new(StringComparer.Ordinal);

    /// <summary>The counts, by name.</summary>
    public ImmutableArray<ModelResidencyCount> Read()
    {
        lock (_lock)
        {
            return [.. _counts.Values.OrderBy(static count => count.Model, StringComparer.Ordinal)];
        }
    }

    /// <summary>A model that is loaded on demand is there: its counts are shown from now on.</summary>
    public void Show(string model) => Add(model, static count => count);

    public void ColdStart(string model) => Add(model, static count => count with { ColdStarts = count.ColdStarts + 1 });

    public void Evict(string model, EvictionReason reason) => Add(
        model,
        count => reason == EvictionReason.Memory ? count with { ForMemory = count.ForMemory + 1 } : count with { ForIdleness = count.ForIdleness + 1 });

    private void Add(string model, Func<ModelResidencyCount, ModelResidencyCount> change)
    {
        lock (_lock)
        {
            var name = _counts.ContainsKey(model) || _counts.Count < MaxNames ? model : "";
            _counts[name] = change(_counts.GetValueOrDefault(name, new ModelResidencyCount(name, 0, 0, 0)));
        }
    }
}
