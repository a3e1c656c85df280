namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Lets the lanes of a version become more, by doubling, as long as more is found to get done with them while requests wait: an engine seldom keeps all processors busy with one execution. Where that brings
/// nothing there stay as many as there were. Then, where the engine has such a thing, it is tried whether still more gets done by as many lanes as processors whose executions use one thread each; and where one
/// lane remains whose executions have become larger, whether more gets done when it waits a little for those who have just been answered. What has been found is looked at again after a while, since loads change. Not thread safe: used under the scheduler's lock.
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

    // What executions of one thread each need beside it is provided for, and to gather needs nothing: there need only be a gain.
    private const double GainByOther = 1.04;
    private const double GainToKeepOther = 1.02;

    // Of what was before, at each execution.
    private const double Kept = 0.875;

    private const int TurnsASecond = 5;
    private const int FirstPause = 60;
    private const int LongestPause = 3600;

    private readonly int _first = first;
    private LaneTrial? _trial;
    private LaneWay _settled = new(first);
    private LaneWay _before = new(first);
    private int _most = most;
    private int _crowd;
    private long _crowdedSince = long.MaxValue;
    private long _pause = FirstPause * second;
    private long _notBefore;
    private bool _isFewerNext;
    private int _others;
    private bool _isReady;
    private double _recentTicks;
    private double _recentRows;
    private bool _hasTriedSingle;

    /// <summary>True when the engine may have executions of one thread each.</summary>
    public bool MayUseOneThread { get; init; }

    /// <summary>True when executions have more rows than at first, since most of what one costs is what every one costs.</summary>
    public bool MayGather { get; set; }

    /// <summary>How the version runs what waits now.</summary>
    public LaneWay Now => IsTrialOn ? _trial!.Now : _settled;

    /// <summary>How it does when nothing is being tried.</summary>
    public LaneWay Settled => _settled;

    /// <summary>What the last trial has found, or how it turned out since; null when none has ended.</summary>
    public LaneFinding? Found { get; private set; }

    /// <summary>True while another way is being tried.</summary>
    public bool IsTrying => _trial is not null;

    /// <summary>True when the engine is to get ready for executions of one thread each; <see cref="OnReady"/> tells that it is.</summary>
    public bool WantsOneThread => _trial is { More.IsOneThread: true } && !_isReady;

    /// <summary>How many lanes there should be, those among them that do not run now.</summary>
    public int Wanted => Math.Max(_settled.Lanes, _trial is { } trial && !WantsOneThread ? trial.More.Lanes : 0);

    /// <summary>How many lanes there are.</summary>
    public int Made { get; set; } = first;

    /// <summary>True when the rows of the last executions took long, one with another: a row alone among many in company says nothing.</summary>
    private bool IsLong => _recentTicks >= HopsOfLongWork * costs.HopOrUsual * _recentRows;

    private bool IsTrialOn => _trial is { } trial && Made >= trial.More.Lanes && !WantsOneThread;

    /// <summary>How many must run or wait beside what has ended for all lanes to have something to do.</summary>
    private int Company => _trial is { More.IsOneThread: true } ? CompanyOfOneThread : _trial?.Less.Lanes ?? _settled.Lanes;

    private int CompanyOfOneThread => Math.Max(_settled.Lanes, _most - 1);

    /// <summary>True when executions of so many rows take long enough for the number of lanes to matter.</summary>
    public bool IsWork(int rows) => costs.HopOrUsual > 0 && costs.Mean(rows) >= HopsOfWork * costs.HopOrUsual;

    /// <summary>No more can be made.</summary>
    public void Stop()
    {
        _most = _settled.Lanes;
        _trial = null;
    }

    /// <summary>The engine is ready for executions of one thread each, or will not be.</summary>
    public void OnReady(bool isReady, long now)
    {
        if (isReady || !WantsOneThread)
        {
            _isReady = isReady;
            return;
        }

        _trial = null;
        Pause(now);
    }

    /// <summary>An execution has ended.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="others">For how many more lanes there was something to do: how many requests it had beside the first, how many wait, and how many executions run.</param>
    /// <param name="isSteady">False while the sizes of executions are about to change.</param>
    /// <param name="now">The time, in ticks of the time provider.</param>
    public void OnEnd(int rows, int others, bool isSteady, long now)
    {
        _others = others;
        _recentTicks = (Kept * _recentTicks) + costs.Mean(rows);
        _recentRows = (Kept * _recentRows) + rows;
        _crowd = others >= Company ? Math.Min(_crowd + 1, FullCrowd) : Math.Max(_crowd - CrowdLost, 0);
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
        else if (IsTrialOn)
        {
            _trial.OnEnd(rows, now);
            if (_trial.IsOver)
            {
                End(_trial, now);
            }
        }
    }

    /// <summary>Those who are waited for do not come any more: there is another load, which is looked at anew when it has been there for a while.</summary>
    public void EndGathering(long now)
    {
        if (_trial is null && _settled.IsGathering)
        {
            var alone = _settled with { IsGathering = false };
            Found = new LaneFinding(alone, _settled, Ratio: null, IsMoreBetter: false);
            _settled = alone;
            _notBefore = Math.Min(_notBefore, now + (FirstPause * second));
        }
    }

    private static bool IsOther(LaneWay way) => way.IsOneThread || way.IsGathering;

    private void Begin(long now)
    {
        var fewer = Math.Max(_first, _settled.Lanes / 2);

        // What is better than to gather is better than not to, which is where all of it begins anew.
        _settled = _settled with { IsGathering = false };
        if (_isFewerNext && _settled.Lanes > _first)
        {
            Try(_settled.IsOneThread ? _before : new LaneWay(fewer, _settled.IsSingle && fewer > _first), _settled);
        }
        else if (_settled.Lanes < _most)
        {
            Try(_settled, new LaneWay(Math.Min(2 * _settled.Lanes, _most), _settled.IsSingle || (IsLong && !_hasTriedSingle)));
        }
        else
        {
            Rest(now);
        }
    }

    private void Try(LaneWay less, LaneWay more)
    {
        var isThere = more == _settled;
        var floor = (isThere, IsOther(more)) switch
        {
            (_, false) => GainToKeep,
            (true, true) => GainToKeepOther,
            (false, true) => 1,
        };
        _trial = new LaneTrial(less, more, second / TurnsASecond, floor, isThere);
    }

    private void End(LaneTrial trial, long now)
    {
        _trial = null;
        var isFewer = trial.More == _settled;
        var isOther = IsOther(trial.More);
        var isMoreBetter = trial.IsWon && (isFewer || trial.Ratio >= (isOther ? GainByOther : GainToGrow));
        Found = new LaneFinding(trial.Less, trial.More, trial.Ratio, isMoreBetter);
        _before = trial.Less;
        _settled = isMoreBetter ? trial.More : trial.Less;
        _isFewerNext = false;
        if (isOther)
        {
            RestAfter(trial.More, now);
        }
        else if (!isMoreBetter && trial.More.IsSingle && !trial.Less.IsSingle && !isFewer)
        {
            // With the company that there is they may still get more done.
            _hasTriedSingle = true;
        }
        else if (!isMoreBetter || _settled.Lanes >= _most)
        {
            // Up as long as that pays; whoever has kept what there was may want still more.
            Rest(now);
        }
    }

    /// <summary>More lanes bring nothing: then what remains to be tried, or nothing for a while.</summary>
    private void Rest(long now)
    {
        if (MayUseOneThread && !_settled.IsOneThread && _others >= CompanyOfOneThread)
        {
            _isReady = false;
            Try(_settled, new LaneWay(_most, _settled.Lanes > _first ? _settled.IsSingle : IsLong, IsOneThread: true));
            return;
        }

        RestAfter(_settled with { IsOneThread = true }, now);
    }

    /// <summary>One lane that takes what there is may do better by all there is.</summary>
    private void RestAfter(LaneWay tried, long now)
    {
        if (tried.IsOneThread && MayGather && _settled is { Lanes: 1, IsGathering: false })
        {
            Try(_settled, _settled with { IsGathering = true });
            return;
        }

        Pause(now);
    }

    private void Pause(long now)
    {
        _notBefore = now + _pause;
        _pause = Math.Min(2 * _pause, LongestPause * second);
        _isFewerNext = true;
        _hasTriedSingle = false;
    }
}
