namespace InferenceServer.Core.Tracing;

/// <summary>Chooses the requests of one scope that are traced: one in so many, until so many have been. Several threads ask at once.</summary>
internal sealed class TraceSampler(TraceSettings settings)
{
    private long _seen;
    private long _left = settings.Count;

    public TraceSettings Settings => settings;

    /// <summary>How many requests are still to be traced; negative for without end.</summary>
    public long Left => Volatile.Read(ref _left);

    public bool IsOn => settings.Levels != TraceLevels.Off;

    /// <summary>Decides on one request.</summary>
    /// <param name="isWanted">True when whoever called the client traces it too: then the rate does not count.</param>
    public bool TryTake(bool isWanted)
    {
        if (!IsOn || Left == 0 || (!IsNext() && !isWanted))
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

    /// <summary>True for one in so many: they are spread evenly. A rate of 0 is for those alone that are wanted.</summary>
    private bool IsNext()
    {
        var seen = Interlocked.Increment(ref _seen);
        return settings.Share is { } share ? Math.Floor(seen * share) > Math.Floor((seen - 1) * share) : settings.Rate > 0 && seen % settings.Rate == 0;
    }
}
