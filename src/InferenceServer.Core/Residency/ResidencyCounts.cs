using System.Collections.Immutable;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Residency;

/// <summary>Counts how models come and go on demand. Safe for several threads.</summary>
internal sealed class ResidencyCounts
{
    private readonly NamedCounts<ModelResidencyCount> _counts = new(static model => new ModelResidencyCount(model, 0, 0, 0));

    /// <summary>The counts, by name.</summary>
    public ImmutableArray<ModelResidencyCount> Read() => _counts.Read();

    /// <summary>A model that is loaded on demand is there: its counts are shown from now on.</summary>
    public void Show(string model) => _counts.Change(model, static count => count);

    public void ColdStart(string model) => _counts.Change(model, static count => count with { ColdStarts = count.ColdStarts + 1 });

    public void Evict(string model, EvictionReason reason) => _counts.Change(
        model,
        count => reason == EvictionReason.Memory ? count with { ForMemory = count.ForMemory + 1 } : count with { ForIdleness = count.ForIdleness + 1 });
}
