namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Decides which waiting requests an idle lane runs now. Pure: the head of the queue and the time go in, one decision comes out.
/// An idle lane takes what waits at once unless the configuration allows a delay; while all lanes are busy the queue grows into
/// larger batches by itself.
/// </summary>
internal static class BatchPolicy
{
    public static BatchDecision Decide(in QueueHead head, BatchLimits limits, long now)
    {
        var requests = head.Rows.Length;
        if (requests == 0)
        {
            return BatchDecision.Wait(BatchDecision.Never);
        }

        var total = 0L;
        var preferred = 0;
        for (var i = 0; i < requests; i++)
        {
            total += head.Rows[i];
            if (limits.PreferredRows.AsSpan().BinarySearch((int)total) >= 0)
            {
                preferred = i + 1;
            }
        }

        if (total >= limits.MaxRows)
        {
            return BatchDecision.Run(requests, ReleaseReason.Full);
        }

        if (preferred > 0)
        {
            return BatchDecision.Run(preferred, ReleaseReason.Preferred);
        }

        if (head.EnoughRows > 0 && total >= head.EnoughRows)
        {
            return BatchDecision.Run(requests, ReleaseReason.Preferred);
        }

        if (head.IsNextTooLarge)
        {
            return BatchDecision.Run(requests, ReleaseReason.Full);
        }

        if (head.IsNextIncompatible)
        {
            return BatchDecision.Run(requests, ReleaseReason.ShapeMismatch);
        }

        if (head.IsDraining)
        {
            return BatchDecision.Run(requests, ReleaseReason.Drain);
        }

        var delay = Math.Max(limits.MaxDelayTicks, head.GatherTicks);
        if (delay == 0)
        {
            return BatchDecision.Run(requests, ReleaseReason.LaneIdle);
        }

        // Nobody is kept waiting for company until it is too late for him.
        var due = Math.Min(TimeProviderTicks.Add(head.OldestTimestamp, delay), head.LatestStartTimestamp - limits.MarginTicks);
        return now >= due ? BatchDecision.Run(requests, ReleaseReason.DelayExpired) : BatchDecision.Wait(due);
    }
}
