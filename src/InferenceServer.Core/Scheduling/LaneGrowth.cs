namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Lets the lanes of a version become more, by doubling, as long as more is found to get done with them while requests wait: an engine seldom keeps all processors busy with one execution. Where that brings
/// nothing there stay as many as there were. What has been found is looked at again after a while, since loads change. Not thread safe: used under the scheduler's lock.
/// </summary>
/// <param name="first">As many as there are at first, and at least.</param>
/// <param name="most">As many as there may be.</param>
/// <param name="costs">What executions cost.</param>
/// <param name="second">A second, in ticks of the time provider.</param>
internal sealed class LaneGrowth(int first, int most, ExecutionCosts costs, long second)
{
    // So many executions in a row at whose end somebody waits are a load under which something can be found out.
    private const int FullCrowd = 32;
    private const int CrowdLost = 4;

    // What takes no longer than this is mostly handing over, of which more lanes make more.
    private const int HopsOfWork = 4;

    // Of a row that takes so many times as long, what company saves may be less than what several executions at once lose by it.
    private const int HopsOfLongWork = 20;

    // A lane more is memory for one execution more: it has to be worth that. Less keeps one that is there.
    private const double GainToGrow = 1.1;
    private const double GainToKeep = 1.05;

    // Of the eight ratios of a trial; one may be a neighbour's doing.
    private const int MostTurns = 7;

    private const int TurnsASecond = 5;
    private const int FirstPause = 60;
    private const int LongestPause = 3600;

    private readonly int _first = first;
    private LaneTrial? _trial;
    private int _settled = first;
    private int _most = most;
    private int _crowd;
    private long _crowdedSince = long.MaxValue;
    private long _pause = FirstPause * second;
    private long _notBefore;
    private bool _isFewerNext;
    private bool _isLong;
    private bool _isSingle;
    private bool _hasTriedSingle;

    /// <summary>With how many lanes the version runs now.</summary>
    public int Lanes => _trial is { } trial && Made >= trial.Large ? trial.Lanes : _settled;

    /// <summary>True when an execution has one request now, whatever waits.</summary>
    public bool IsSingle => _trial is { } trial && Made >= trial.Large && trial.Lanes == trial.Large ? trial.IsSingle : _isSingle && Lanes > _first;

    /// <summary>True while another number is being tried.</summary>
    public bool IsTrying => _trial is not null;

    /// <summary>How many lanes there should be, those among them that do not run now.</summary>
    public int Wanted => Math.Max(_settled, _trial?.Large ?? 0);

    /// <summary>How many lanes there are.</summary>
    public int Made { get; set; } = first;

    /// <summary>True when executions of so many rows take long enough for the number of lanes to matter.</summary>
    public bool IsWork(int rows) => costs.Hop > 0 && costs.Mean(rows) >= HopsOfWork * costs.Hop;

    /// <summary>No more can be made.</summary>
    public void Stop()
    {
        _most = _settled;
        _trial = null;
    }

    /// <summary>An execution has ended.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="others">How many requests wait, and executions run, at this moment.</param>
    /// <param name="isSteady">False while the sizes of executions are about to change.</param>
    /// <param name="now">The time, in ticks of the time provider.</param>
    public void OnEnd(int rows, int others, bool isSteady, long now)
    {
        _isLong = costs.Mean(rows) >= HopsOfLongWork * costs.Hop * rows;
        _crowd = others >= (_trial?.Small ?? _settled) ? Math.Min(_crowd + 1, FullCrowd) : Math.Max(_crowd - CrowdLost, 0);
        _crowdedSince = _crowd == 0 ? long.MaxValue : _crowd == FullCrowd ? Math.Min(_crowdedSince, now) : _crowdedSince;
        if (_trial is null)
        {
            // Of the first moments of a load nothing can be learnt: clients are still coming, and code is still being compiled.
            if (_crowd == FullCrowd && isSteady && now >= _notBefore && now - _crowdedSince >= second)
            {
                Begin(now);
            }
        }
        else if (_crowd == 0)
        {
            // Of a load that comes and goes nothing can be learnt.
            _trial = null;
            _notBefore = now + second;
        }
        else if (Made >= _trial.Large)
        {
            _trial.OnEnd(rows, now);
            if (_trial.IsOver)
            {
                End(_trial, now);
            }
        }
    }

    private void Begin(long now)
    {
        if (_isFewerNext && _settled > _first)
        {
            _trial = new LaneTrial(Math.Max(_first, _settled / 2), _settled, second / TurnsASecond) { IsSingle = _isSingle };
        }
        else if (_settled < _most)
        {
            _trial = new LaneTrial(_settled, Math.Min(2 * _settled, _most), second / TurnsASecond) { IsSingle = _isSingle || (_isLong && !_hasTriedSingle) };
        }
        else
        {
            Pause(now);
        }
    }

    private void End(LaneTrial trial, long now)
    {
        _trial = null;
        var isFewer = trial.Large == _settled;
        var isLargeBetter = isFewer ? trial.Ratio >= GainToKeep : trial.Ratio >= GainToGrow && trial.AtLeast(MostTurns) >= GainToKeep;
        _settled = isLargeBetter ? trial.Large : trial.Small;
        _isFewerNext = false;
        if (!isLargeBetter && trial.IsSingle && !_isSingle)
        {
            // With the company that there is they may still get more done.
            _hasTriedSingle = true;
            return;
        }

        _isSingle = _settled > _first && (isLargeBetter ? trial.IsSingle : _isSingle);

        // Up as long as that pays; whoever has kept what there was may want still more.
        if (!isLargeBetter || _settled >= _most)
        {
            Pause(now);
        }
    }

    private void Pause(long now)
    {
        _notBefore = now + _pause;
        _pause = Math.Min(2 * _pause, LongestPause * second);
        _isFewerNext = true;
        _hasTriedSingle = false;
    }
}
