using System.Collections.Concurrent;

namespace InferenceServer.Core.Mirrors;

/// <summary>How many bytes the copies of all repositories take together, and may take.</summary>
/// <param name="limit">The most. Bytes.</param>
internal sealed class MirrorBudget(long limit)
{
    private readonly ConcurrentQueue<MirrorStore> _stores = new();
    private long _used;

    /// <summary>The most. Bytes.</summary>
    public long Limit => limit;

    /// <summary>What is taken. Bytes.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>A store whose copies count, and may go.</summary>
    public void Add(MirrorStore store) => _stores.Enqueue(store);

    /// <summary>Takes bytes if there are so many left.</summary>
    public bool TryTake(long bytes)
    {
        // Nobody else may see room taken that is given back the next moment.
        for (var used = Used; bytes <= limit - used;)
        {
            var seen = Interlocked.CompareExchange(ref _used, used + bytes, used);
            if (seen == used)
            {
                return true;
            }

            used = seen;
        }

        return false;
    }

    /// <summary>Takes bytes, for which copies go that nothing leads to, those of the asking store first.</summary>
    public bool TryMakeRoom(MirrorStore asking, long bytes)
    {
        if (bytes > limit)
        {
            // No copy need go for what cannot be.
            return false;
        }

        foreach (var store in _stores.OrderBy(store => store == asking ? 0 : 1))
        {
            do
            {
                if (TryTake(bytes))
                {
                    return true;
                }
            }
            while (store.TryEvict());
        }

        return TryTake(bytes);
    }

    /// <summary>Counts what lies there from before, whether it is too much or not.</summary>
    public void Count(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
