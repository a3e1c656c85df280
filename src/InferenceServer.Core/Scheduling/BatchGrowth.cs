using System.Numerics;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Finds out how many rows an execution of a model should have whose configuration says nothing of batches. They double as long as a row is found to cost less in the larger executions: where what an execution costs
/// is mostly what every execution costs, such as reading the weights. Where it is the rows' own work larger ones only take memory and let the first row wait for the last; a model whose rows take long, and each as
/// long in company as alone, runs them one by one, if that is found to cost no more. What has been found is looked at again after a while. Not thread safe: used under the scheduler's lock.
/// </summary>
/// <param name="limits">Where it begins and how far it goes.</param>
/// <param name="costs">What executions cost.</param>
/// <param name="second">A second, in ticks of the time provider.</param>
internal sealed class BatchGrowth(BatchLimits limits, ExecutionCosts costs, long second)
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

    private const int FirstPause = 60;
    private const int LongestPause = 3600;

    private readonly BatchLimits _first = limits;
    private BatchLimits _limits = limits;
    private int _full;
    private int _several;
    private int _quiet;
    private int _single;
    private double _together;
    private bool _isOver;
    private bool _isAhead;
    private long _pause = FirstPause * second;
    private long _lookAgain = long.MaxValue;

    /// <summary>What the decisions are made by now.</summary>
    public BatchLimits Limits => _limits;

    /// <summary>True when the sizes are not about to change.</summary>
    public bool IsSteady => _isOver || (_quiet >= Quiet && !IsTryingSingle);

    private bool IsTryingSingle => _together > 0;

    /// <summary>An execution has ended.</summary>
    /// <param name="rows">How many rows it had.</param>
    /// <param name="now">The time, in ticks of the time provider.</param>
    public void OnEnd(int rows, long now)
    {
        if (_isOver && now >= _lookAgain && rows >= _limits.MaxRows)
        {
            // Of a size that was full until now it is known what it costs.
            _isOver = false;
            _quiet = 0;
            Set(2 * _limits.MaxRows);
            return;
        }

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
                Judge(most, now);
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

    private void Judge(int most, long now)
    {
        _full = 0;
        var before = Math.Max(1, _isAhead ? most / 4 : most / 2);
        if (Row(most) <= Math.Pow(Share, BitOperations.Log2((uint)(most / before))) * Row(before))
        {
            _isAhead = false;
            Grow(most, now);
        }
        else if (most == _first.MaxRows && TrySingle(most))
        {
            // Alone they take long enough for company to have shown what it is worth.
        }
        else if (!_isAhead)
        {
            // One size may be awkward for an engine, or a neighbour's doing: the next one tells.
            _isAhead = true;
            Grow(most, now);
        }
        else
        {
            _isAhead = false;
            End(Math.Max(before, _first.MaxRows), now);
        }
    }

    private void Grow(int most, long now)
    {
        if (2 * most <= _first.GrowthRows)
        {
            Set(2 * most);
        }
        else
        {
            End(_isAhead ? Math.Max(most / 2, _first.MaxRows) : most, now);
            _isAhead = false;
        }
    }

    private void End(int rows, long now)
    {
        _isOver = true;
        Set(rows);
        _lookAgain = 2 * rows <= _first.GrowthRows ? now + _pause : long.MaxValue;
        _pause = Math.Min(2 * _pause, LongestPause * second);
    }

    /// <summary>Runs rows one by one for a while, if they seem to gain nothing by company.</summary>
    private bool TrySingle(int rows)
    {
        if (_first.MaxRows == 1 || costs.HopOrUsual == 0 || !costs.IsKnown(1) || Row(rows) < HopsOfWork * costs.HopOrUsual || Row(rows) * Alike < Row(1))
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
            _lookAgain = long.MaxValue;
            Set(Row(1) <= Alike * _together ? 1 : _first.MaxRows);
        }
    }

    /// <summary>As configured while it is as many as that.</summary>
    private void Set(int rows) => _limits = rows == _first.MaxRows ? _first : _first with { MaxRows = rows, PreferredRows = [] };
}
