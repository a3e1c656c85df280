namespace InferenceServer.Core.Mirrors;

/// <summary>How many bytes the copies of all repositories take together, and may take.</summary>
/// <param name="limit">The most. Bytes.</param>
internal sealed class MirrorBudget(long limit)
{
    private long _used;

    /// <summary>The most. Bytes.</summary>
    public long Limit => limit;

    /// <summary>What is taken. Bytes.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>Takes bytes if there are so many left.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit)
        {
            return true;
        }

        Return(bytes);
        return false;
    }

    /// <summary>Counts what lies there from before, whether it is too much or not.</summary>
    public void Count(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}
