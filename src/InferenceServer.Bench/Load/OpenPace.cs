namespace InferenceServer.Bench.Load;

/// <summary>
/// Requests are due by a schedule. Each free worker takes the next one that nobody has taken and waits for its time by itself, so that nothing stands
/// between the time and the request; while all are busy the schedule goes on, and the first to be free takes what has been due for longest.
/// </summary>
/// <param name="schedule">When requests are due.</param>
/// <param name="control">When it ends.</param>
/// <param name="clock">The time.</param>
/// <param name="overdue">Called when a request was due before anyone was free.</param>
internal sealed class OpenPace(ArrivalSchedule schedule, LoadControl control, TimeProvider clock, Action overdue) : IPace
{
    public bool TryNext(out long due)
    {
        due = 0;
        var now = clock.GetTimestamp();
        if (now >= control.LastSend || control.GaveUp || !schedule.TryTake(control.End, out due))
        {
            return false;
        }

        if (due < now)
        {
            overdue();
            return true;
        }

        return PreciseWait.Until(due, control, clock);
    }
}
