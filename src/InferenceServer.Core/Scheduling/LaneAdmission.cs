using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Scheduling;

/// <summary>Refuses at once what would be too late when its turn comes. Called under the scheduler's lock.</summary>
internal static class LaneAdmission
{
    /// <summary>Why a request that has just been queued is better refused; null when it is not.</summary>
    public static InferenceError? Check(PendingInference pending, RequestQueue queue, ExecutionCosts costs, InstanceRunner[] lanes, LaneSchedulerSetup rules, int maxRows, TimeProvider time)
    {
        var timeout = TimeoutOf(pending, rules);
        if ((pending.DeadlineTimestamp == long.MaxValue && timeout == long.MaxValue) || costs.IsEmpty || Array.Exists(lanes, static lane => !lane.Progress.IsBusy))
        {
            // Whoever finds a lane idle is always tried: that is also how costs that were too high once are learnt anew.
            return null;
        }

        return Forecast(pending, queue, costs, lanes, rules, maxRows, time);
    }

    // Apart, since what looks at all lanes has to be made first, and most requests never get here.
    private static InferenceError? Forecast(PendingInference pending, RequestQueue queue, ExecutionCosts costs, InstanceRunner[] lanes, LaneSchedulerSetup rules, int maxRows, TimeProvider time)
    {
        var timeout = TimeoutOf(pending, rules);
        var now = pending.EnqueuedTimestamp;
        var view = new AdmissionView
        {
            RowsAhead = queue.RowsAhead(pending.Priority) - pending.Rows,
            MaxRows = maxRows,
            Lanes = lanes.Length,
            FirstFreeTicks = lanes.Min(lane => lane.Progress.TicksLeft(costs, now)),
        };
        var forecast = AdmissionForecast.Of(view, costs, pending.Rows);
        var wait = time.GetElapsedTime(0, forecast.WaitTicks);
        if (forecast.EndTicks > pending.DeadlineTimestamp - now)
        {
            pending.IsTooLate = true;
            return InferenceErrors.DeadlineTooSoon(pending.Request, wait, time.GetElapsedTime(0, forecast.EndTicks), time.GetElapsedTime(now, pending.DeadlineTimestamp));
        }

        if (forecast.WaitTicks > timeout - now)
        {
            pending.IsTooLate = true;
            return InferenceErrors.TimeoutTooSoon(pending.Request, wait, time.GetElapsedTime(now, timeout)) with { IsCallersLimit = pending.HasOwnTimeout };
        }

        return null;
    }

    private static long TimeoutOf(PendingInference pending, LaneSchedulerSetup rules) => rules.Queue.Levels[pending.Level].DelaysExpired ? long.MaxValue : pending.QueueTimeoutTimestamp;
}
