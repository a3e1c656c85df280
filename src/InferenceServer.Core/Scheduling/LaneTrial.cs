namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Compares what gets done in two ways under the same load, by turns: what else the machine does in the meantime is in both. A sequential sign test of neighbouring turns: each comparison says that the way that takes more
/// is worth it or that it is not, and it has been found out as soon as enough of them say so: nobody has to bear for long what is plainly worse, and noise takes longer. Pure, apart from what it remembers.
/// </summary>
/// <param name="less">The way that takes less memory.</param>
/// <param name="more">The other.</param>
/// <param name="leastTicks">How long a turn takes at least, in ticks of the time provider.</param>
/// <param name="floor">How many times as many rows the other has to get through in a comparison that says that it is worth it.</param>
/// <param name="isThere">True when the other is what there is: then each side has to be shown in the same way; false when it has to be shown that it pays.</param>
internal sealed class LaneTrial(LaneWay less, LaneWay more, long leastTicks, double floor, bool isThere)
{
    /// <summary>How many executions a turn has at least.</summary>
    private const int Executions = 8;

    private const int MostComparisons = 24;

    // Of what makes no difference half of the comparisons say that it is worth it, of what is worth it four of five do: one that does not counts for two that do. With these bounds about one in twenty is
    // taken that makes no difference, and one in ten left that is worth it.
    private const int Against = 2;
    private const int Won = 6;
    private const int Lost = -5;

    // Where one in four and three of four are to be told apart, a lead of three decides with one wrong in thirty.
    private const int Lead = 3;

    private readonly double[] _rates = new double[2 * MostComparisons];
    private int _turn;
    private int _unseen = 2 * more.Lanes;
    private int _ended;
    private int _score;
    private long _rows;
    private long _since;

    /// <summary>The way that takes less memory.</summary>
    public LaneWay Less => less;

    /// <summary>The other.</summary>
    public LaneWay More => more;

    /// <summary>The way that is tried now. A turn of one is followed by two of the other, so that what grows or shrinks all the while is in both.</summary>
    public LaneWay Now => IsMore(_turn) ? more : less;

    /// <summary>True when it has been found out, or cannot be.</summary>
    public bool IsOver => _turn == _rates.Length || IsWon || IsLost;

    /// <summary>True when <see cref="More"/> has been shown to be worth it.</summary>
    public bool IsWon => _score >= (isThere ? Lead : Won);

    /// <summary>True when it has been shown not to be.</summary>
    public bool IsLost => _score <= (isThere ? -Lead : Lost);

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
        if (_turn % 2 == 0)
        {
            _score += RatioOf((_turn / 2) - 1) >= floor ? 1 : isThere ? -1 : -Against;
        }
    }

    private double RatioOf(int pair)
    {
        var (one, other) = (_rates[2 * pair], _rates[(2 * pair) + 1]);
        return IsMore(2 * pair) ? one / other : other / one;
    }

    private static bool IsMore(int turn) => turn % 4 is 1 or 2;
}
