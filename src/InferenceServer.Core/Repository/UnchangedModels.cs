using System.Collections.Immutable;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Knows what earlier scans have read, and by what it can be told that it is still so without reading it again: one question to the file system for each file and folder. For
/// one scan at a time.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class UnchangedModels(TimeProvider time)
{
    /// <summary>How old a change must be for the next one to show: file systems count time in steps, and clocks of others' may be behind.</summary>
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(2);

    private Dictionary<string, (ModelFolder Model, ImmutableArray<EntryWitness> Witnesses)> _known = new(StringComparer.Ordinal);
    private Dictionary<string, (ModelFolder Model, ImmutableArray<EntryWitness> Witnesses)> _found = new(StringComparer.Ordinal);

    /// <summary>The model of a path as an earlier scan has read it; null when something of it has changed, or when that cannot be told.</summary>
    public ModelFolder? Find(string path)
    {
        if (!_known.TryGetValue(path, out var known))
        {
            return null;
        }

        foreach (var witness in known.Witnesses)
        {
            if (!witness.Holds())
            {
                return null;
            }
        }

        _found[path] = known;
        return known.Model;
    }

    /// <summary>Remembers what has been read, if its changes can be told.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="model">What was read.</param>
    /// <param name="witnesses">What was looked at; null when that does not say all.</param>
    public void Remember(string path, ModelFolder model, ImmutableArray<EntryWitness>? witnesses)
    {
        var latest = (time.GetUtcNow() - s_step - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        if (model.Problem is null && witnesses is { } all && all.All(witness => witness.Stamp.Changed < latest))
        {
            _found[path] = (model, all);
        }
    }

    /// <summary>Ends a scan: what it has not found is forgotten.</summary>
    public void EndScan()
    {
        (_known, _found) = (_found, _known);
        _found.Clear();
    }
}
