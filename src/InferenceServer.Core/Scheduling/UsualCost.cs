namespace InferenceServer.Core.Scheduling;

/// <summary>
/// What something usually takes: an average in which the latest count most, and one that took many times as long counts for little, since code was still being compiled or the system had taken the processor away.
/// What has become slower is known as that after some dozens.
/// </summary>
internal struct UsualCost
{
    // Of the first the least counts.
    private const int First = 4;

    private const double Weight = 0.125;

    // What takes longer than so many times the usual counts as that.
    private const double MostOfUsual = 2;

    private int _first;

    /// <summary>On average; 0 where there has been none. Ticks.</summary>
    public double Mean { get; private set; }

    /// <summary>How far it is off that, on average. Ticks.</summary>
    public double Deviation { get; private set; }

    /// <summary>What it takes at most, but for one in a few dozen. Ticks.</summary>
    public readonly double Most => Mean + (3 * Deviation);

    /// <summary>There has been one.</summary>
    /// <param name="ticks">How long it took.</param>
    public void Record(double ticks)
    {
        var cost = Math.Max(1, ticks);
        if (_first < First)
        {
            _first++;
            Mean = Mean == 0 ? cost : Math.Min(Mean, cost);
            Deviation = Mean / 4;
            return;
        }

        var off = Math.Min(cost, MostOfUsual * Mean) - Mean;
        Mean += Weight * off;
        Deviation += Weight * (Math.Abs(off) - Deviation);
    }
}
