namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Decides whether a request is run by the thread that brings it instead of a lane's: to wake another thread and to be woken by it costs more than a small model takes. It is measured what both cost. Not
/// thread safe: used under the scheduler's lock.
/// </summary>
/// <param name="limitTicks">What an execution may take at most, so that no caller's thread is kept from its own work; 0 for never.</param>
/// <param name="costs">What executions of the version cost.</param>
internal sealed class CallerExecution(long limitTicks, ExecutionCosts costs)
{
    // There and back.
    private const int Hops = 2;

    /// <summary>How many batches a caller runs at most, his own included, before a lane's thread takes what waits.</summary>
    public const int MaxBatches = 4;

    /// <summary>True when so many rows are worth it.</summary>
    public bool Pays(int rows) => limitTicks > 0 && costs.Hop > 0 && costs.IsKnown(rows) && costs.Most(rows) <= Math.Min(limitTicks, Hops * costs.Hop);

    /// <summary>Finds a lane that a caller may have: it runs nothing, asks nobody for leave and keeps to no processors.</summary>
    public static InstanceRunner? FindLane(InstanceRunner[] lanes)
    {
        foreach (var lane in lanes)
        {
            if (lane is { IsLent: false, IsRetired: false, Claim: null, Progress.IsBusy: false, Placement.Processors: null })
            {
                return lane;
            }
        }

        return null;
    }
}
