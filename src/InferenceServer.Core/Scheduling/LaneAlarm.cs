namespace InferenceServer.Core.Scheduling;

/// <summary>
/// How the threads of a scheduler's lanes wait for work, and how one of them is woken. Everything is called under the scheduler's lock, which is what they wait on.
/// </summary>
/// <param name="gate">The lock.</param>
internal sealed class LaneAlarm(object gate)
{
    // The least that a wait of .NET can be told.
    private static readonly TimeSpan s_leastWait = TimeSpan.FromMilliseconds(1);

    private int _waiting;
    private int _claiming;
    private int _companions;
    private long _companyUntil;
    private int _lent;
    private int _returning;

    /// <summary>True when a thread waits that could run something.</summary>
    public bool IsSomebodyWaiting => _waiting > _claiming + _lent;

    /// <summary>Waits until somebody calls; there may be nothing to do then.</summary>
    public void Wait(InstanceRunner lane) => Wait(lane, Timeout.InfiniteTimeSpan);

    /// <summary>
    /// As <see cref="Wait(InstanceRunner)"/>, when requests wait with the lane for company. Who comes meanwhile need not call it where it would only go on waiting, see <see cref="IsCompanyAwaited"/>.
    /// </summary>
    /// <param name="lane">The lane.</param>
    /// <param name="until">When they wait no longer, as a timestamp.</param>
    /// <param name="left">How long that is, when this is to end by itself; null when the lane is called then.</param>
    public void WaitForCompany(InstanceRunner lane, long until, TimeSpan? left)
    {
        _companyUntil = _companions == 0 ? until : Math.Max(_companyUntil, until);
        _companions++;
        if (left < s_leastWait)
        {
            ShortNap.TakeOutside(gate, left.Value);
        }
        else
        {
            Wait(lane, left ?? Timeout.InfiniteTimeSpan);
        }

        _companions--;
    }

    /// <summary>True when a lane waits for company.</summary>
    public bool IsCompanyAwaited => _companions > 0;

    /// <summary>When it looks again by itself at the latest, as a timestamp.</summary>
    public long CompanyUntil => _companyUntil;

    /// <summary>As <see cref="Wait(InstanceRunner)"/>, when the lane has something to run and waits for what that needs.</summary>
    public void WaitForClaim(InstanceRunner lane)
    {
        _claiming++;
        Wait(lane);
        _claiming--;
    }

    /// <summary>Waits until the lane is given back by the caller who has it. No call that is meant for another goes to whoever waits here: they are all called then.</summary>
    public void WaitForReturn(InstanceRunner lane)
    {
        _returning++;
        while (lane.IsLent)
        {
            Monitor.Wait(gate);
        }

        _returning--;
    }

    /// <summary>A caller has the lane from now on: its thread, if it has one, is not to be called.</summary>
    public void Lend(InstanceRunner lane)
    {
        lane.IsLent = true;
        _lent += lane.IsThreadWaiting ? 1 : 0;
    }

    /// <summary>The caller has given the lane back.</summary>
    public void TakeBack(InstanceRunner lane)
    {
        lane.IsLent = false;
        _lent -= lane.IsThreadWaiting ? 1 : 0;
        if (_returning > 0)
        {
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Has every thread that waits look at the queue, the clock and the rules again.</summary>
    public void WakeAll() => Monitor.PulseAll(gate);

    /// <summary>
    /// Sees to it that a lane looks at the queue: one that waits, or else one without a thread, which gets one. A lane that is busy, or that a caller has, looks by itself. False when no lane has a thread
    /// and the system gives none.
    /// </summary>
    public bool TryWake(InstanceRunner[] lanes)
    {
        if (IsSomebodyWaiting)
        {
            // Those that cannot run anything must not take the call that is meant for one that could.
            if (_claiming + _lent + _returning > 0)
            {
                Monitor.PulseAll(gate);
            }
            else
            {
                Monitor.Pulse(gate);
            }

            return true;
        }

        var idle = Array.Find(lanes, static lane => lane is { HasThread: false, IsLent: false });
        if (idle is null)
        {
            return true;
        }

        try
        {
            // The thread's first step takes the lock that is held here.
            idle.StartThread();
            idle.HasThread = true;
            idle.IdleSince = long.MaxValue;
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            return Array.Exists(lanes, static lane => lane.HasThread || lane.IsLent);
        }
    }

    private void Wait(InstanceRunner lane, TimeSpan longest)
    {
        _waiting++;
        lane.IsThreadWaiting = true;
        Monitor.Wait(gate, longest);
        lane.IsThreadWaiting = false;
        _waiting--;
        _lent -= lane.IsLent ? 1 : 0;
    }
}
