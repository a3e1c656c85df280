namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Decides whether a request is run by the thread that brings it instead of a lane's: to wake another thread and to be woken by it costs more than a small model takes. It is measured what both cost. Not
/// thread safe: used under the scheduler's lock.
/// <para>Where an execution keeps a caller for longer than the bound after all, that time has to be earned back by many that do not: a twentieth of the bound each. A hundred bounds may be spent in advance; beyond that, lanes'
/// threads run everything until it is earned.</para>
/// </summary>
/// <param name="costs">What executions of the version cost.</param>
internal sealed class CallerExecution(ExecutionCosts costs)
{
    // There and back.
    private const int Hops = 2;

    // What takes as long as half a way there is worth putting together with others.
    private const int TriflesAHop = 4;

    // On a busy machine a hand-over takes long, which is when company is needed most.
    private const int TriflesALimit = 8;

    // Of the bound, so much is earned by each execution that keeps it, so many may be saved, and so many owed.
    private const int Share = 20;
    private const int MostSaved = 100;
    private const int MostOwed = 10_000;
    private const int CostOfFailure = 2 * MostSaved;

    private long _largestSmall;
    private long _spent;

    /// <summary>How many batches a caller runs at most, his own included, before a lane's thread takes what waits.</summary>
    public const int MaxBatches = 4;

    /// <summary>What an execution may take at most, so that no caller's thread is kept from its own work, and how long he may have a lane before he begins another batch; 0 for never.</summary>
    public long LimitTicks { get; set; }

    /// <summary>Whether a request is of the kind that a caller may run: one answer, of no sequence, by the model as it is.</summary>
    public static bool MayRun(PendingInference pending) => pending is { IsBrought: true, Stream: null, Step: null, Variant: null };

    /// <summary>True when it is better run by the caller, as far as is known: so many rows are cheap, and inputs of this size have been.</summary>
    public bool Pays(int rows, long bytes) =>
        LimitTicks > 0 && _spent <= MostSaved * LimitTicks && bytes <= _largestSmall && costs.Hop > 0 && costs.Usual(rows) is { Mean: > 0 } usual && usual.Most <= Math.Min(LimitTicks, Hops * costs.Hop);

    /// <summary>True when so many rows take so little that to wait for one's turn, or for company, is not worth it.</summary>
    public bool IsTrifle(int rows) => costs.Usual(rows).Mean is var mean && mean * TriflesAHop <= costs.Hop && mean * TriflesALimit <= LimitTicks;

    /// <summary>Finds a lane that a caller may have: it runs nothing and has run something, asks nobody for leave and keeps to no processors.</summary>
    public static InstanceRunner? FindLane(InstanceRunner[] lanes)
    {
        foreach (var lane in lanes)
        {
            if (lane is { IsLent: false, IsRetired: false, Claim: null, Progress: { IsBusy: false, HasRun: true }, Placement.Processors: null })
            {
                return lane;
            }
        }

        return null;
    }

    /// <summary>A batch has ended.</summary>
    /// <param name="progress">That of its lane, before it is reported.</param>
    /// <param name="isLent">True when a caller has run it.</param>
    /// <param name="now">The time.</param>
    public void OnEnd(LaneProgress progress, bool isLent, long now)
    {
        if (LimitTicks == 0 || progress.RunningSince is not { } since)
        {
            return;
        }

        var ticks = now - since;
        if (ticks <= LimitTicks && progress.HasEndedWell)
        {
            _largestSmall = Math.Max(_largestSmall, progress.RunningBytes);
            _spent = Math.Max(0, _spent - (LimitTicks / Share));
        }
        else if (isLent)
        {
            // Now and then the system has other plans for a thread. What fails fast may next time do so slowly.
            _spent = Math.Min(_spent + Math.Max(ticks, progress.HasEndedWell ? 0 : CostOfFailure * LimitTicks), MostOwed * LimitTicks);
        }
    }
}
