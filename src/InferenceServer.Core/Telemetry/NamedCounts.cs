using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>Counts by the name of a model. Safe for several threads.</summary>
/// <param name="zero">What a name begins with.</param>
internal sealed class NamedCounts<T>(Func<string, T> zero)
{
    /// <summary>The most names that are counted on their own: whoever may load models may make up any number of them.</summary>
    public const int MaxNames = 4096;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, T> _counts = new(StringComparer.Ordinal);

    /// <summary>The counts, by name; those of no name are of all that came when there were names enough.</summary>
    public ImmutableArray<T> Read()
    {
        lock (_lock)
        {
            return [.. _counts.Values];
        }
    }

    /// <summary>Changes a name's counts.</summary>
    public void Change(string model, Func<T, T> change)
    {
        lock (_lock)
        {
            var name = _counts.ContainsKey(model) || _counts.Count < MaxNames ? model : "";
            _counts[name] = change(_counts.TryGetValue(name, out var known) ? known : zero(name));
        }
    }
}
