namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Compares what gets done in two ways under the same load, by turns: what else the machine does in the meantime is in both. Pure, apart from what it remembers.
/// </summary>
/// <param name="less">The way that takes less memory.</param>
/// <param name="more">The other.</param>
/// <param name="leastTicks">How long a turn takes at least, in ticks of the time provider.</param>
/// <param name="floor">Of the neighbouring turns' ratios one may be below this, which may be a neighbour's doing: with the second it has been found out. 0 for any.</param>
internal sealed class LaneTrial(LaneWay less, LaneWay more, long leastTicks, double floor)
{
    /// <summary>How many executions a turn has at least.</summary>
    private const int Executions = 8;

    private const int MostBelow = 1;

    private readonly double[] _rates = new double[16];
    private int _turn;
    private int _unseen = 2 * more.Lanes;
    private int _ended;
    private int _below;
    private long _rows;
    private long _since;

    /// <summary>The way that takes less memory.</summary>
    public LaneWay Less => less;

    /// <summary>The other.</summary>
    public LaneWay More => more;

    /// <summary>The way that is tried now. A turn of one is followed by two of the other, so that what grows or shrinks all the while is in both.</summary>
    public LaneWay Now => IsMore(_turn) ? more : less;

    /// <summary>True when it has been found out.</summary>
    public bool IsOver => _turn == _rates.Length || IsLost;

    /// <summary>True when too many ratios are below what is asked for.</summary>
    public bool IsLost => _below > MostBelow;

    /// <summary>How many times as many rows <see cref="More"/> gets through, when it is over: the median of the neighbouring turns' ratios.</summary>
    public double Ratio
    {
        get
        {
            Span<double> ratios = stackalloc double[_turn / 2];
            for (var i = 0; i < ratios.Length; i++)
            {
                ratios[i] = RatioOf(i);
            }

            ratios.Sort();
            return (ratios[(ratios.Length - 1) / 2] + ratios[ratios.Length / 2]) / 2;
        }
    }

    /// <summary>An execution has ended.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="now">The time, in ticks of the time provider.</param>
    public void OnEnd(int rows, long now)
    {
        if (_unseen > 0)
        {
            // Begun in the way before, or the first of a lane.
            _unseen--;
            _since = now;
            return;
        }

        _ended++;
        _rows += rows;
        if (_ended < Math.Max(Executions, 2 * Now.Lanes) || now - _since < leastTicks)
        {
            return;
        }

        _rates[_turn] = (double)_rows / (now - _since);
        _unseen = IsMore(_turn) == IsMore(_turn + 1) ? 0 : 2 * more.Lanes;
        (_turn, _ended, _rows, _since) = (_turn + 1, 0, 0, now);
        if (_turn % 2 == 0 && RatioOf((_turn / 2) - 1) < floor)
        {
            _below++;
        }
    }

    private double RatioOf(int pair)
    {
        var (one, other) = (_rates[2 * pair], _rates[(2 * pair) + 1]);
        return IsMore(2 * pair) ? one / other : other / one;
    }

    private static bool IsMore(int turn) => turn % 4 is 1 or 2;
}
