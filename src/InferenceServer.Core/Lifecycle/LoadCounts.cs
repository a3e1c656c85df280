using System.Collections.Immutable;

namespace InferenceServer.Core.Lifecycle;

/// <summary>Counts loads by model. Safe for several threads.</summary>
internal sealed class LoadCounts
{
    /// <summary>The most names that are counted on their own: whoever may load models may make up any number of them.</summary>
    public const int MaxNames = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ModelLoadCount> _counts = new(StringComparer.Ordinal);

    /// <summary>The counts, by name.</summary>
    public ImmutableArray<ModelLoadCount> Read()
    {
        lock (_lock)
        {
            return [.. _counts.Values.OrderBy(static count => count.Model, StringComparer.Ordinal)];
        }
    }

    public void Succeed(string model) => Add(model, 1, 0);

    public void Fail(string model) => Add(model, 0, 1);

    private void Add(string model, int succeeded, int failed)
    {
        lock (_lock)
        {
            var name = _counts.ContainsKey(model) || _counts.Count < MaxNames ? model : "";
            var count = _counts.GetValueOrDefault(name, new ModelLoadCount(name, 0, 0));
            _counts[name] = count with { Succeeded = count.Succeeded + succeeded, Failed = count.Failed + failed };
        }
    }
}
