namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Finds out how many rows an execution of a model should have whose configuration says nothing of batches. They double as long as a row is found to cost less in the larger executions: where what an execution costs
/// is mostly what every execution costs, such as reading the weights. Where it is the rows' own work larger ones only take memory and let the first row wait for the last; a model whose rows take long, and each as
/// long in company as alone, runs them one by one, if that is found to cost no more. Not thread safe: used under the scheduler's lock.
/// </summary>
/// <param name="limits">Where it begins and how far it goes.</param>
/// <param name="costs">What executions cost.</param>
internal sealed class BatchGrowth(BatchLimits limits, ExecutionCosts costs)
{
    /// <summary>So many executions of a kind are seen before they are judged.</summary>
    private const int Trial = 16;

    /// <summary>What a row may cost in the larger execution at most, of what it costs in one of half the size.</summary>
    private const double Share = 0.9;

    /// <summary>Costs that are no further apart are alike.</summary>
    private const double Alike = 1.03;

    /// <summary>Of a row that takes so many times as long as to hand it over, the handing over does not count.</summary>
    private const int HopsOfWork = 20;

    /// <summary>After so many executions that are not full, requests are not enough for them to grow.</summary>
    private const int Quiet = 32;

    private readonly BatchLimits _first = limits;
    private BatchLimits _limits = limits;
    private int _full;
    private int _several;
    private int _quiet;
    private int _single;
    private double _together;
    private bool _isOver;

    /// <summary>What the decisions are made by now.</summary>
    public BatchLimits Limits => _limits;

    /// <summary>True when the sizes are not about to change.</summary>
    public bool IsSteady => _isOver || (_quiet >= Quiet && !IsTryingSingle);

    private bool IsTryingSingle => _together > 0;

    /// <summary>An execution has ended.</summary>
    /// <param name="rows">How many rows it had.</param>
    public void OnEnd(int rows)
    {
        if (_isOver)
        {
            return;
        }

        if (IsTryingSingle)
        {
            JudgeSingle();
            return;
        }

        var most = _limits.MaxRows;
        if (rows >= most)
        {
            _quiet = 0;
            if (++_full >= Trial)
            {
                Judge(most);
            }

            return;
        }

        _quiet++;
        if (rows > 1 && most == _first.MaxRows && ++_several >= Trial)
        {
            // They are not enough to fill it, and enough to see whether company gains anything.
            _several = 0;
            TrySingle(rows);
        }
    }

    private double Row(int rows) => costs.Mean(rows) / rows;

    private void Judge(int most)
    {
        _full = 0;
        var half = Math.Max(1, most / 2);
        if (Row(most) <= Share * Row(half))
        {
            var next = Math.Min(2 * most, _first.GrowthRows);
            _isOver = next <= most;
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
            _isOver = !TrySingle(most);
        }
    }

    /// <summary>Runs rows one by one for a while, if they seem to gain nothing by company.</summary>
    private bool TrySingle(int rows)
    {
        if (_first.MaxRows == 1 || costs.Hop == 0 || !costs.IsKnown(1) || Row(rows) < HopsOfWork * costs.Hop || Row(rows) * Alike < Row(1))
        {
            return false;
        }

        _together = Row(rows);
        Set(1);
        return true;
    }

    private void JudgeSingle()
    {
        if (++_single >= Trial)
        {
            _isOver = true;
            Set(Row(1) <= Alike * _together ? 1 : _first.MaxRows);
        }
    }

    /// <summary>As configured while it is as many as that.</summary>
    private void Set(int rows) => _limits = rows == _first.MaxRows ? _first : _first with { MaxRows = rows, PreferredRows = [] };
}
