using System.Diagnostics.CodeAnalysis;

namespace InferenceServer.Core.Caching;

/// <summary>
/// Keeps answers in memory, bounded by bytes; the one that was least recently asked for goes first. Lookups end at once. An answer that has to go lives until its last reader
/// has finished with it.
/// </summary>
/// <param name="maxBytes">What the answers may take together.</param>
[SuppressMessage("Design", "CA1001", Justification = "What it still holds at the end of the process goes with it.")]
internal sealed class LocalResponseCache(long maxBytes) : IResponseCache
{
    // Held for a few steps of a list only: nothing is copied, freed or completed under it.
    private readonly Lock _lock = new();
    private readonly Dictionary<CacheKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _bytes;
    private long _evictions;

    public bool IsShared => false;

    public bool HasRoomFor(long bytes) => bytes <= maxBytes;

    public ValueTask<CachedAnswer?> FindAsync(CacheKey key)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var node))
            {
                return default;
            }

            if (!ReferenceEquals(node, _byUse.First))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
            }

            // Under the lock: outside of it the entry could be gone before it has been counted.
            return ValueTask.FromResult<CachedAnswer?>(node.Value.Answer.Acquire());
        }
    }

    public void Store(CacheKey key, CachedAnswer answer, object owner)
    {
        if (!HasRoomFor(answer.Bytes))
        {
            return;
        }

        List<CachedAnswer>? gone = null;
        lock (_lock)
        {
            // Of two that were made at once the first stays: whoever reads it reads on.
            if (_entries.ContainsKey(key))
            {
                return;
            }

            while (_bytes > maxBytes - answer.Bytes)
            {
                _evictions++;
                (gone ??= []).Add(Remove(_byUse.Last!));
            }

            _entries.Add(key, _byUse.AddFirst(new Entry(key, answer.Acquire(), owner)));
            _bytes += answer.Bytes;
        }

        gone?.ForEach(static answer => answer.Dispose());
    }

    public void Forget(object owner)
    {
        var gone = new List<CachedAnswer>();
        lock (_lock)
        {
            for (var node = _byUse.First; node is not null;)
            {
                var next = node.Next;
                if (ReferenceEquals(node.Value.Owner, owner))
                {
                    gone.Add(Remove(node));
                }

                node = next;
            }
        }

        gone.ForEach(static answer => answer.Dispose());
    }

    public ResponseCacheReport Read()
    {
        lock (_lock)
        {
            return new ResponseCacheReport { Local = new LocalCacheReport(_entries.Count, _bytes, maxBytes, _evictions) };
        }
    }

    private CachedAnswer Remove(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Key);
        _bytes -= node.Value.Answer.Bytes;
        return node.Value.Answer;
    }

    private readonly record struct Entry(CacheKey Key, CachedAnswer Answer, object Owner);
}
