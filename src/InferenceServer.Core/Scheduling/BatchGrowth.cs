namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Finds out how many rows an execution of a model should have whose configuration says nothing of batches. They double as long as a row is found to cost less in the larger executions: where what an execution costs
/// is mostly what every execution costs, such as reading the weights. Where it is the rows' own work larger ones only take memory and let the first row wait for the last; of a model that takes long enough for its own
/// work to be all that counts, they halve then, as long as that costs nothing. Not thread safe: used under the scheduler's lock.
/// </summary>
/// <param name="limits">Where it begins and how far it goes.</param>
/// <param name="costs">What executions cost.</param>
internal sealed class BatchGrowth(BatchLimits limits, ExecutionCosts costs)
{
    /// <summary>So many executions of a size are seen before it is judged.</summary>
    private const int Trial = 16;

    /// <summary>What a row may cost in the larger execution at most, of what it costs in one of half the size.</summary>
    private const double Share = 0.9;

    /// <summary>What it may cost at most in one of half the size, of what it costs in the larger, for fewer to do.</summary>
    private const double Alike = 1.03;

    /// <summary>Of a row that takes so many times as long as to hand it over, the handing over does not count.</summary>
    private const int HopsOfWork = 20;

    /// <summary>After so many executions that are smaller than they might be, requests are not enough for anything to change.</summary>
    private const int Quiet = 32;

    private readonly BatchLimits _first = limits;
    private BatchLimits _limits = limits;
    private int _seen;
    private int _full;
    private int _smaller;
    private bool _isShrinking;
    private bool _isOver;

    /// <summary>What the decisions are made by now.</summary>
    public BatchLimits Limits => _limits;

    /// <summary>True when the sizes are not about to change.</summary>
    public bool IsSteady => _isOver || _smaller >= Quiet;

    /// <summary>An execution has ended.</summary>
    /// <param name="rows">How many rows it had.</param>
    public void OnEnd(int rows)
    {
        var most = Limits.MaxRows;
        if (_isOver)
        {
            return;
        }

        // To grow it takes requests enough; that there is nothing to gain is seen in executions that are not quite full, too.
        if (rows < most && (most > _first.MaxRows || 2 * rows <= most))
        {
            _smaller++;
            return;
        }

        _smaller = 0;
        _full += rows < most ? 0 : 1;
        if (++_seen < Trial && _full < Trial)
        {
            return;
        }

        _seen = 0;
        if (_isShrinking)
        {
            Shrink(most);
        }
        else
        {
            Judge(most, isFull: _full >= Trial);
        }
    }

    private double Row(int rows) => costs.Mean(rows) / rows;

    private void Judge(int most, bool isFull)
    {
        var half = Math.Max(1, most / 2);
        if (Row(most) <= Share * Row(half))
        {
            var next = isFull ? Math.Min(2 * most, _first.GrowthRows) : most;
            _isOver = isFull && next <= most;
            Set(_isOver ? most : next);
        }
        else if (most > _first.MaxRows)
        {
            // It was one step too far.
            _isOver = true;
            Set(half);
        }
        else
        {
            _isShrinking = most > 1 && costs.Hop > 0 && Row(most) >= HopsOfWork * costs.Hop;
            _isOver = !_isShrinking;
            Set(_isShrinking ? half : most);
        }
    }

    private void Shrink(int most)
    {
        if (Row(most) > Alike * Row(2 * most))
        {
            _isOver = true;
            Set(2 * most);
            return;
        }

        _isOver = most == 1;
        Set(Math.Max(1, most / 2));
    }

    /// <summary>As configured while it is as many as that.</summary>
    private void Set(int rows)
    {
        _full = rows == _limits.MaxRows ? _full : 0;
        _limits = rows == _first.MaxRows ? _first : _first with { MaxRows = rows, PreferredRows = [] };
    }
}
