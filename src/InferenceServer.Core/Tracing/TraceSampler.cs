namespace InferenceServer.Core.Tracing;

/// <summary>Chooses the requests of one scope that are traced: one in so many, until so many have been. Several threads ask at once.</summary>
internal sealed class TraceSampler(TraceSettings settings)
{
    private long _seen;
    private long _left = settings.Count;

    public TraceSettings Settings => settings;

    /// <summary>How many requests are still to be traced; negative for without end.</summary>
    public long Left => Volatile.Read(ref _left);

    public bool IsOn => settings.Levels != TraceLevels.Off && settings.Rate > 0;

    /// <summary>Decides on one request.</summary>
    /// <param name="isWanted">True when whoever called the client traces it too: then the rate does not count.</param>
    public bool TryTake(bool isWanted)
    {
        if (!IsOn || Left == 0 || (Interlocked.Increment(ref _seen) % settings.Rate != 0 && !isWanted))
        {
            return false;
        }

        for (var left = Left; left != 0; left = Left)
        {
            if (left < 0 || Interlocked.CompareExchange(ref _left, left - 1, left) == left)
            {
                return true;
            }
        }

        return false;
    }
}
