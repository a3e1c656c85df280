namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Lets executions of a model whose configuration says nothing of batches become larger, by doubling, as long as a row is found to cost less in the larger ones: where what an execution costs is mostly what every
/// execution costs, such as reading the weights. Where it is the rows' own work, larger ones only take memory, and stay as they are. Not thread safe: used under the scheduler's lock.
/// </summary>
/// <param name="limits">Where it begins and how far it goes.</param>
/// <param name="costs">What executions cost.</param>
internal sealed class BatchGrowth(BatchLimits limits, ExecutionCosts costs)
{
    /// <summary>So many full executions of a size are seen before it is judged.</summary>
    private const int Trial = 16;

    /// <summary>What a row may cost in the larger execution at most, of what it costs in one of half the size.</summary>
    private const double Share = 0.9;

    private readonly BatchLimits _first = limits;
    private BatchLimits? _grown;
    private int _full;
    private bool _isOver;

    /// <summary>What the decisions are made by now.</summary>
    public BatchLimits Limits => _grown ?? _first;

    /// <summary>An execution has ended.</summary>
    /// <param name="rows">How many rows it had.</param>
    public void OnEnd(int rows)
    {
        var most = Limits.MaxRows;
        if (_isOver || rows < most || ++_full < Trial)
        {
            return;
        }

        _full = 0;
        if (costs.Mean(most) / most <= Share * costs.Mean(Math.Max(1, most / 2)) / Math.Max(1, most / 2))
        {
            var next = Math.Min(2 * most, _first.GrowthRows);
            _isOver = next <= most;
            _grown = _isOver ? _grown : _first with { MaxRows = next, PreferredRows = [] };
            return;
        }

        // It was one step too far; below where it began there is no way.
        _isOver = true;
        _grown = most / 2 > _first.MaxRows ? _first with { MaxRows = most / 2, PreferredRows = [] } : null;
    }
}
