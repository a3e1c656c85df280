namespace InferenceServer.Core.Scheduling;

/// <summary>
/// How far a lane is with what it runs, and what that has cost. Under the scheduler's lock, but for <see cref="End"/>, which the lane's own thread calls before it takes that lock.
/// </summary>
internal sealed class LaneProgress
{
    private int _runningRows;
    private long _runningSince;
    private long[] _runningArrivals = [];
    private int _endedRows;
    private long _endedAt;
    private long _endedTicks;

    /// <summary>The requests of what runs, or ran last and has not been reported yet.</summary>
    public int RunningRequests { get; private set; }

    /// <summary>The bytes of the inputs of what runs.</summary>
    public long RunningBytes { get; private set; }

    /// <summary>True when what runs, or ran last, went well and has not been reported yet.</summary>
    public bool HasEndedWell => _endedTicks > 0;

    /// <summary>The rows of what went well and has not been reported yet; 0 for none.</summary>
    public int EndedRows => HasEndedWell ? _endedRows : 0;

    /// <summary>True once the lane has run something: the first time an engine does more.</summary>
    public bool HasRun { get; private set; }

    /// <summary>When the lane began to wait for the rate limiter; <see cref="long.MaxValue"/> while it does not.</summary>
    public long ClaimingSince { get; private set; } = long.MaxValue;

    /// <summary>True while a batch runs, or waits until the limiter lets it.</summary>
    public bool IsBusy => IsRunning || ClaimingSince != long.MaxValue;

    /// <summary>When the batch that runs was taken; null while none runs.</summary>
    public long? RunningSince => IsRunning ? _runningSince : null;

    private bool IsRunning => _runningRows > 0;

    /// <summary>The lane has something to run and waits for the limiter.</summary>
    public void BeginClaim(long now)
    {
        if (ClaimingSince == long.MaxValue)
        {
            ClaimingSince = now;
        }
    }

    /// <summary>The lane has from the limiter what it needs, whether or not it had to wait.</summary>
    public void EndClaim(ExecutionCosts costs, long now)
    {
        costs.RecordClaim(ClaimingSince == long.MaxValue ? 0 : now - ClaimingSince);
        ClaimingSince = long.MaxValue;
    }

    /// <summary>The lane has nothing to run any more, and waits no longer.</summary>
    public void GiveUpClaim() => ClaimingSince = long.MaxValue;

    /// <summary>The lane takes a batch.</summary>
    public void BeginRun(PendingInference[] batch, long now, bool keepsArrivals)
    {
        _runningRows = 0;
        RunningRequests = batch.Length;
        RunningBytes = 0;
        _runningArrivals = keepsArrivals ? new long[batch.Length] : [];
        for (var i = 0; i < batch.Length; i++)
        {
            _runningRows += batch[i].Rows;
            RunningBytes += batch[i].Bytes;
            if (keepsArrivals)
            {
                _runningArrivals[i] = batch[i].EnqueuedTimestamp;
            }
        }

        _runningSince = now;
    }

    /// <summary>An execution went well.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="ticks">How long it took.</param>
    /// <param name="now">The time.</param>
    public void End(int rows, long ticks, long now) => (_endedRows, _endedTicks, _endedAt) = (rows, ticks, now);

    /// <summary>The lane is done with what ran, and tells what it cost if it went well.</summary>
    public void ReportTo(ExecutionCosts costs, LatencyTargetPolicy? target, long now)
    {
        if (_endedTicks > 0)
        {
            HasRun = true;
            costs.Record(_endedRows, _endedTicks);
            if (IsRunning)
            {
                // What has warmed it up came from no queue.
                costs.RecordPause(now - _runningSince - _endedTicks);
            }

            for (var i = 0; target is not null && i < _runningArrivals.Length; i++)
            {
                target.OnAnswer(_endedAt - _runningArrivals[i]);
            }

            _endedTicks = 0;
        }

        _runningRows = 0;
        RunningRequests = 0;
    }

    /// <summary>In how many ticks the lane is likely to take the next batch.</summary>
    public long TicksLeft(ExecutionCosts costs, long now) =>
        IsRunning ? Math.Max(0, (long)(costs.Mean(_runningRows) + costs.Pause) - (now - _runningSince)) + (long)costs.Claim
        : ClaimingSince == long.MaxValue ? 0
        : Math.Max(0, (long)costs.Claim - (now - ClaimingSince));
}
