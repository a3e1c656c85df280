using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Load;

/// <summary>What the workers of a point share: until when they send, and what they have seen.</summary>
internal sealed class LoadControl(TimeProvider clock)
{
    private const int FailuresInARowBeforeGivingUp = 100;

    private static readonly RequestFailure s_unanswered = new(RequestFailure.Timeout, "no answer until the end of the point");

    private readonly Lock _lock = new();
    private readonly List<WorkerTally> _tallies = [];
    private MeasuredSpan _span = MeasuredSpan.Always;
    private long _end = long.MaxValue;
    private long _lastSend = long.MaxValue;
    private int _failuresInARow;
    private bool _isBrokenOff;

    /// <summary>Nothing that is due then or later is sent.</summary>
    public long End => Volatile.Read(ref _end);

    /// <summary>After it, what was due and is still not sent never will be.</summary>
    public long LastSend => Volatile.Read(ref _lastSend);

    /// <summary>True when the server only fails: going on would measure how fast it can fail.</summary>
    public bool GaveUp => Volatile.Read(ref _failuresInARow) >= FailuresInARowBeforeGivingUp;

    public WorkerTally NewTally()
    {
        lock (_lock)
        {
            var tally = new WorkerTally(clock);
            tally.MoveTo(new TallyCounts(), _span);
            _tallies.Add(tally);
            return tally;
        }
    }

    /// <summary>Sums up what was seen since the last time, and begins a new span.</summary>
    public TallyCounts Begin(MeasuredSpan next)
    {
        lock (_lock)
        {
            _span = next;
            var sum = new TallyCounts();
            _tallies.ForEach(tally => tally.MoveTo(sum, next));
            return sum;
        }
    }

    /// <summary>Says when it is over.</summary>
    /// <param name="end">See <see cref="End"/>.</param>
    /// <param name="lastSend">See <see cref="LastSend"/>.</param>
    public void EndAt(long end, long lastSend)
    {
        Volatile.Write(ref _lastSend, Math.Min(lastSend, LastSend));
        Volatile.Write(ref _end, Math.Min(end, End));
    }

    public void Succeeded()
    {
        // Read first: a write would take the line of memory away from all other workers.
        if (Volatile.Read(ref _failuresInARow) != 0)
        {
            Volatile.Write(ref _failuresInARow, 0);
        }
    }

    /// <summary>A request has no good answer.</summary>
    /// <returns>What to count it as: one that is broken off at the end has waited too long, whatever its connection says of that.</returns>
    public RequestFailure Failed(RequestFailure failure)
    {
        Interlocked.Increment(ref _failuresInARow);
        return Volatile.Read(ref _isBrokenOff) ? s_unanswered : failure;
    }

    /// <summary>What has no answer yet gets none.</summary>
    public void BreakOff() => Volatile.Write(ref _isBrokenOff, true);
}
