using System.Collections.Immutable;

namespace InferenceServer.Core.Repository;

/// <summary>
/// Decides which of what scans find counts: a model, a change of one or its absence, once two scans in a row agree on it and nothing in it has been written to for
/// a while. A folder that is still being copied is nothing yet, and one that is being replaced is what it was. What scans find goes in, what counts comes out.
/// </summary>
/// <param name="quiet">For how long nothing must have been written.</param>
internal sealed class SettledRepository(TimeSpan quiet)
{
    private ImmutableDictionary<string, ModelFolder> _seen = ImmutableDictionary.Create<string, ModelFolder>(StringComparer.Ordinal);
    private bool _hasScanned;

    /// <summary>What counts, by name.</summary>
    public ImmutableSortedDictionary<string, ModelFolder> Models { get; private set; } = ImmutableSortedDictionary.Create<string, ModelFolder>(StringComparer.Ordinal);

    /// <summary>True when all that the last scan found counts: another scan would only be one of the ordinary ones.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Takes a scan in.</summary>
    /// <param name="snapshot">What was found.</param>
    /// <param name="now">The time of the scan.</param>
    /// <returns>True when something else counts now than before.</returns>
    public bool Take(RepositorySnapshot snapshot, DateTime now)
    {
        var found = snapshot.Models.ToImmutableDictionary(static model => model.Name, static model => model, StringComparer.Ordinal);
        var before = Models;
        IsSettled = _hasScanned;
        foreach (var name in found.Keys.Concat(_seen.Keys.Where(name => !found.ContainsKey(name))).Concat(Models.Keys.Where(name => !found.ContainsKey(name) && !_seen.ContainsKey(name))))
        {
            var model = found.GetValueOrDefault(name);
            if (model is not null && Models.TryGetValue(name, out var settled) && settled.Stamp == model.Stamp)
            {
                continue;
            }

            if (!_hasScanned || model?.Stamp != _seen.GetValueOrDefault(name)?.Stamp || IsBeingWritten(model, now))
            {
                IsSettled = false;
            }
            else
            {
                Models = model is null ? Models.Remove(name) : Models.SetItem(name, model);
            }
        }

        _seen = found;
        _hasScanned = true;
        return Models != before;
    }

    /// <summary>A time that lies ahead says nothing: another machine's clock has set it.</summary>
    private bool IsBeingWritten(ModelFolder? model, DateTime now) => model is not null && model.LastWriteUtc <= now && now - model.LastWriteUtc < quiet;
}
