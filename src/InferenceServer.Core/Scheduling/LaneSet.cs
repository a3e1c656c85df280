namespace InferenceServer.Core.Scheduling;

/// <summary>
/// The lanes of a scheduler: those that a configuration asks for, those that have been added since more gets done with them, and those beside them for what takes next to nothing. Not thread safe: used under
/// the scheduler's lock.
/// </summary>
internal sealed class LaneSet
{
    private InstanceRunner[] _grown = [];
    private int _retiring;
    private bool _isMaking;
    private bool _isReadying;

    /// <summary>Those that the configuration asks for.</summary>
    public InstanceRunner[] Configured { get; private set; } = [];

    /// <summary>Those that run what waits.</summary>
    public InstanceRunner[] Active { get; private set; } = [];

    /// <summary>Those for what takes next to nothing.</summary>
    public SideLanes Side { get; } = new();

    /// <summary>Decides how many run; null where as many do as are configured.</summary>
    public LaneGrowth? Growth { get; set; }

    /// <summary>All that there are.</summary>
    public InstanceRunner[] All => [.. Configured, .. _grown, .. Side.Lanes];

    /// <summary>True when none has a thread or is with a caller, and none is being made or freed, nor anything else for them.</summary>
    public bool IsIdle => _retiring == 0 && !_isMaking && !_isReadying && Side.IsIdle && Array.TrueForAll(Configured, IsFree) && Array.TrueForAll(_grown, IsFree);

    /// <summary>How many requests wait or run.</summary>
    /// <param name="waiting">How many wait.</param>
    public int Busy(int waiting)
    {
        foreach (var lane in Active)
        {
            waiting += lane.Progress.IsBusy ? 1 : 0;
        }

        return waiting;
    }

    /// <summary>Others are configured from now on. Those that have been added go, and those beside them where there may be none any more: which of them pay has to be found out anew.</summary>
    /// <param name="added">Those that come.</param>
    /// <param name="retired">Those that go.</param>
    /// <param name="side">How many there may be beside them.</param>
    /// <returns>Those that nobody has, which are to be freed now.</returns>
    public InstanceRunner[] Change(IReadOnlyCollection<InstanceRunner> added, IReadOnlyCollection<InstanceRunner> retired, int side)
    {
        Side.Most = side;
        InstanceRunner[] going = [.. retired, .. _grown, .. Side.Most == 0 ? Side.Clear() : []];
        Array.ForEach(going, static lane => lane.IsRetired = true);
        InstanceRunner[] idle = [.. going.Where(IsFree)];
        _retiring += going.Length - idle.Length;
        _grown = [];
        Configured = [.. Configured.Except(retired), .. added];
        Active = Configured;
        return idle;
    }

    /// <summary>How many of the requests that wait a lane takes at most: with lanes that have been added each takes its share of what waits and runs, and not all that it finds.</summary>
    /// <param name="waiting">How many wait.</param>
    public int Share(int waiting)
    {
        if (Growth is null || Active.Length == Configured.Length)
        {
            return int.MaxValue;
        }

        if (Growth.Now.IsSingle)
        {
            return 1;
        }

        var all = waiting;
        foreach (var lane in Active)
        {
            all += lane.Progress.RunningRequests;
        }

        return Math.Max(1, (all + Active.Length - 1) / Active.Length);
    }

    /// <summary>True when what is about to begin is to use the thread of its lane alone: when that has been found to get more done, and more than half of the lanes have something to do.</summary>
    /// <param name="waiting">How many requests are left for other lanes.</param>
    public bool UsesOneThread(int waiting) => Growth is { Now.IsOneThread: true } && 2 * (Busy(waiting) + 1) > Active.Length;

    /// <summary>Has as many run as <see cref="Growth"/> says. Those that are not to run have no thread any more when it has looked.</summary>
    /// <returns>True when that has changed anything.</returns>
    public bool Follow()
    {
        var count = Math.Min((Growth?.Now.Lanes ?? 0) - Configured.Length, _grown.Length);
        if (Configured.Length + Math.Max(count, 0) == Active.Length)
        {
            return false;
        }

        for (var i = 0; i < _grown.Length; i++)
        {
            _grown[i].IsParked = i >= count;
        }

        Active = [.. Configured, .. _grown.Take(count)];
        return true;
    }

    /// <summary>True when one more is wanted: whoever asks makes it, and tells by <see cref="EndMaking"/>.</summary>
    public bool TryBeginMaking()
    {
        if (_isMaking || Growth is null || Growth.Wanted <= Configured.Length + _grown.Length)
        {
            return false;
        }

        _isMaking = true;
        return true;
    }

    /// <summary>One has been made, or could not be, and then no other is tried.</summary>
    /// <returns>False when it is not wanted any more, and is to be freed; <see cref="EndRetirement"/> tells that it is.</returns>
    public bool EndMaking(InstanceRunner? made)
    {
        _isMaking = false;
        if (made is null)
        {
            Growth?.Stop();
            return true;
        }

        if (Growth is null || Growth.Wanted <= Configured.Length + _grown.Length)
        {
            _retiring++;
            return false;
        }

        made.IsParked = true;
        _grown = [.. _grown, made];
        Growth.Made = Configured.Length + _grown.Length;
        return true;
    }

    /// <summary>True when the engine is to get ready for executions of one thread each: whoever asks has it do so, and tells by <see cref="EndReadying"/>.</summary>
    public bool TryBeginReadying()
    {
        if (_isReadying || Growth is not { WantsOneThread: true })
        {
            return false;
        }

        return _isReadying = true;
    }

    /// <summary>The engine is ready for them, or will not be.</summary>
    public void EndReadying(bool isReady, long now)
    {
        _isReadying = false;
        Growth?.OnReady(isReady, now);
    }

    /// <summary>As <see cref="EndMaking"/>, for one of <see cref="Side"/>.</summary>
    public bool EndMakingSide(InstanceRunner? made)
    {
        if (Side.EndMaking(made))
        {
            return true;
        }

        _retiring++;
        return false;
    }

    /// <summary>A lane that was retired has been freed.</summary>
    public void EndRetirement() => _retiring--;

    private static bool IsFree(InstanceRunner lane) => lane is { HasThread: false, IsLent: false };
}
