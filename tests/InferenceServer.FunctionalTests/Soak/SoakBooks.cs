using System.Collections.Concurrent;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>The clients' books: every attempt is opened before its first byte is sent and closed once, as answered, as refused or as cancelled.</summary>
internal sealed class SoakBooks
{
    private readonly ConcurrentDictionary<SoakEntry, long> _entries = [];
    private readonly ConcurrentQueue<string> _faults = [];
    private long _sent;
    private long _number;

    /// <summary>Attempts that have been opened.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>What must not have happened.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>A number that no other request on its way has, small enough for sums of it to be exact as floats.</summary>
    public int NextNumber() => (int)(Interlocked.Increment(ref _number) % 400_000) + 1;

    /// <summary>The books as they stand now.</summary>
    public SoakBooks Copy() => Since(new SoakBooks());

    /// <summary>Books with what has come since earlier ones alone.</summary>
    public SoakBooks Since(SoakBooks earlier)
    {
        var later = new SoakBooks { _sent = Sent - earlier.Sent };
        foreach (var (entry, count) in _entries)
        {
            later._entries[entry] = count - earlier._entries.GetValueOrDefault(entry);
        }

        return later;
    }

    /// <summary>An attempt begins.</summary>
    public SoakTicket Open(SoakWay way, string model)
    {
        Interlocked.Increment(ref _sent);
        return new SoakTicket(this, way, model);
    }

    public void Fault(string fault) => _faults.Enqueue(fault);

    /// <summary>How many attempts ended in a way.</summary>
    public long Count(Func<SoakEntry, bool> which) => _entries.Where(pair => which(pair.Key)).Sum(static pair => pair.Value);

    /// <summary>All of them, in an order of their own.</summary>
    public IReadOnlyList<KeyValuePair<SoakEntry, long>> Entries =>
        [.. _entries.OrderBy(static pair => pair.Key.Way).ThenBy(static pair => pair.Key.Model, StringComparer.Ordinal).ThenBy(static pair => pair.Key.End).ThenBy(static pair => pair.Key.Code, StringComparer.Ordinal)];

    internal void Close(SoakEntry entry) => _entries.AddOrUpdate(entry, 1, static (_, count) => count + 1);
}
