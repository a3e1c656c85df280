namespace InferenceServer.Core.Scheduling;

/// <summary>
/// What executions of one version cost by the number of their rows, learnt from those that have been: an average in which the latest count most, and how far
/// they are off it. Not thread safe: used under the scheduler's lock.
/// </summary>
internal sealed class ExecutionCosts
{
    // Sizes above are counted as this one, in proportion.
    private const int MaxSize = 4096;
    private const double Weight = 0.125;

    private double[] _means = [];
    private double[] _deviations = [];
    private UsualCost[] _usual = [];
    private UsualCost _hop;

    /// <summary>True when nothing has been run yet.</summary>
    public bool IsEmpty => _means.Length == 0;

    /// <summary>The most rows that have been run at once; at most the size up to which each is counted by itself.</summary>
    public int LargestKnown { get; private set; }

    /// <summary>What a lane takes from the end of an execution until it can begin the next, on average: answers are handed out meanwhile. Ticks.</summary>
    public double Pause { get; private set; }

    /// <summary>A lane that has run something is there again.</summary>
    /// <param name="ticks">How long it was busy beside the execution, in ticks of the time provider.</param>
    public void RecordPause(long ticks) => Pause += Weight * (Math.Max(0, ticks) - Pause);

    /// <summary>
    /// What passes from the arrival of a request until a lane that waits for one has begun with it, usually; 0 for not known. Ticks. What a lane that is never idle is judged by for long.
    /// </summary>
    public double Hop => _hop.Mean;

    /// <summary>What <see cref="Hop"/> is on most machines: where none has been seen, since no lane has ever waited, it is taken to be that. Ticks.</summary>
    public double UsualHop { get; init; }

    /// <summary><see cref="Hop"/>, or what is usual where that is not known.</summary>
    public double HopOrUsual => Hop > 0 ? Hop : UsualHop;

    /// <summary>A lane that waited has begun with a request.</summary>
    /// <param name="ticks">How long after it had come, in ticks of the time provider.</param>
    public void RecordHop(long ticks) => _hop.Record(ticks);

    /// <summary>True when so many rows have been run.</summary>
    public bool IsKnown(int rows) => rows < _means.Length && _means[rows] > 0;

    /// <summary>What a lane waits for the rate limiter before an execution, on average; 0 where it need not ask. Ticks.</summary>
    public double Claim { get; private set; }

    /// <summary>How far it is off that, on average. Ticks.</summary>
    public double ClaimDeviation { get; private set; }

    /// <summary>A lane has from the limiter what it needs.</summary>
    /// <param name="ticks">How long it waited, in ticks of the time provider.</param>
    public void RecordClaim(long ticks)
    {
        var off = Math.Max(0, ticks) - Claim;
        Claim += Weight * off;
        ClaimDeviation += Weight * (Math.Abs(off) - ClaimDeviation);
    }

    /// <summary>An execution has ended.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="ticks">How long it took, in ticks of the time provider.</param>
    public void Record(int rows, long ticks)
    {
        var (size, cost) = (Math.Min(rows, MaxSize), Math.Max(1.0, ticks) * Math.Min(rows, MaxSize) / rows);
        if (size >= _means.Length)
        {
            // As long as the largest batch that has been, not that could be: a thousand idle models are to cost nothing.
            var length = Math.Max(8, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size + 1));
            Array.Resize(ref _means, length);
            Array.Resize(ref _deviations, length);
            Array.Resize(ref _usual, length);
        }

        LargestKnown = Math.Max(LargestKnown, size);
        _usual[size].Record(cost);
        if (_means[size] == 0)
        {
            _means[size] = cost;
            _deviations[size] = cost / 4;
            return;
        }

        var off = cost - _means[size];
        _means[size] += Weight * off;
        _deviations[size] += Weight * (Math.Abs(off) - _deviations[size]);
    }

    /// <summary>
    /// What an execution of so many rows is likely to cost, in ticks. Between sizes that have been run it is taken to lie on the line between them; below them as
    /// much as the smallest, above them in proportion to the largest. 0 when nothing has been run.
    /// </summary>
    public double Mean(int rows) => At(_means, rows);

    /// <summary>What it costs at most, but for one in a few dozen. Ticks.</summary>
    public double Most(int rows) => Mean(rows) + Spread(rows);

    /// <summary>What executions of so many rows usually cost; nothing where they are not known.</summary>
    public UsualCost Usual(int rows) => IsKnown(rows) ? _usual[rows] : default;

    /// <summary>By how much it exceeds its mean then. Ticks.</summary>
    public double Spread(int rows) => 3 * Deviation(rows);

    /// <summary>How far it is off its mean, on average. Ticks.</summary>
    public double Deviation(int rows) => At(_deviations, rows);

    private double At(double[] values, int rows)
    {
        var size = Math.Min(rows, MaxSize);
        if (size < _means.Length && _means[size] > 0)
        {
            return values[size] * ((double)rows / size);
        }

        var below = Math.Min(size, _means.Length - 1);
        while (below > 0 && _means[below] == 0)
        {
            below--;
        }

        var above = size + 1;
        while (above < _means.Length && _means[above] == 0)
        {
            above++;
        }

        var hasAbove = above < _means.Length;
        return (below > 0, hasAbove) switch
        {
            (false, false) => 0,
            (false, true) => values[above],
            (true, false) => values[below] * ((double)rows / below),
            (true, true) => values[below] + ((values[above] - values[below]) * (size - below) / (above - below)),
        };
    }
}
