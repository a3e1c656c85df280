namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Decides how many of the waiting requests an idle lane runs, so that as much as possible gets done while 95 of 100 requests stay under a latency: in the place of
/// preferred sizes and a delay, which are guesses. It learns what a batch of each size costs, and how often and how soon company comes for how many rows that wait,
/// and goes on learning. Not thread safe: used under the scheduler's lock.
/// </summary>
/// <param name="targetTicks">The latency to stay under, in ticks of the time provider.</param>
/// <param name="maxRows">The most rows that one execution takes.</param>
/// <param name="costs">What executions cost; whoever runs them records them there.</param>
internal sealed class LatencyTargetPolicy(long targetTicks, int maxRows, ExecutionCosts costs)
{
    // How far one answer moves the share of the target that is planned with: up when it is in time, down when it is not, in balance where one in twenty is late.
    private const double LateShare = 0.05;
    private const double Step = 0.01;
    private const double LeastShare = 0.2;

    // A size is as good as a larger one when it gets nearly as much done, and is much smaller: then its requests have their answers sooner.
    private const double NearlyAsMuch = 0.97;
    private const double MuchSmaller = 0.75;

    // Where too many are late, a venture is made from time to time: what is worth a wait is waited for though it makes some requests late. Where groups of clients
    // take turns that has them come together, and then all may be in time; if not, everything is as before.
    private const int FirstVentureAfter = 8;
    private const int LastVentureAfter = 80;
    private const int VentureBatches = 4;

    private readonly CompanyTable _company = new();
    private double _share = 1;
    private int _ventureAfter = FirstVentureAfter;
    private int _answers;
    private int _venture;
    private int _lateInVenture;
    private double _shareBefore;
    private int _askedRows;
    private long _askedAt;
    private long _askedWindow;
    private double _askedGain;

    /// <summary>A request has come.</summary>
    public void OnArrival(long now)
    {
        if (_askedRows > 0)
        {
            _company.Record(_askedRows, now - _askedAt, isInTime: now - _askedAt <= _askedGain);
            _askedRows = 0;
        }
    }

    /// <summary>A request has been answered.</summary>
    /// <param name="ticks">How long after it came.</param>
    public void OnAnswer(long ticks)
    {
        var isLate = ticks > targetTicks;
        if (_venture > 0)
        {
            ContinueVenture(isLate);
            return;
        }

        _share = Math.Clamp(_share + (Step * (LateShare - (isLate ? 1 : 0))), LeastShare, 1);
        if (_share < 1 && ++_answers >= _ventureAfter * maxRows)
        {
            (_venture, _lateInVenture, _shareBefore, _share, _answers) = (VentureBatches * maxRows, 0, _share, 1, 0);
        }
    }

    /// <summary>What an idle lane should do with the requests at the head of the queue.</summary>
    public BatchDecision Decide(in QueueHead head, long now)
    {
        if (head.Rows.IsEmpty)
        {
            return BatchDecision.Wait(BatchDecision.Never);
        }

        if (_venture > 0 && (head.IsNextTooLarge || head.Rows.Length >= maxRows))
        {
            // With as much waiting as fits there is nobody to wait for.
            EndVenture(isWorthIt: false);
        }

        var left = (targetTicks * _share) - (now - head.OldestTimestamp);
        var (requests, rows) = Choose(head, left);
        if (requests < head.Rows.Length)
        {
            return BatchDecision.Run(requests, ReleaseReason.Preferred);
        }

        var reason = rows >= maxRows || head.IsNextTooLarge ? ReleaseReason.Full
            : head.IsNextIncompatible ? ReleaseReason.ShapeMismatch
            : head.IsDraining ? ReleaseReason.Drain
            : ReleaseReason.LaneIdle;
        if (reason != ReleaseReason.LaneIdle)
        {
            return BatchDecision.Run(requests, reason);
        }

        var hasWaited = _askedRows == rows && _askedWindow > 0;
        var until = Math.Min(WaitUntil(rows, left - costs.Mean(rows + 1), now), head.LatestStartTimestamp);
        return until > now ? BatchDecision.Wait(until) : BatchDecision.Run(requests, hasWaited ? ReleaseReason.DelayExpired : reason);
    }

    /// <summary>The first answers of a venture are its price; the others tell whether it was worth it.</summary>
    private void ContinueVenture(bool isLate)
    {
        _venture--;
        _lateInVenture += isLate && _venture < VentureBatches * maxRows / 2 ? 1 : 0;
        if (_venture == 0)
        {
            EndVenture(isWorthIt: _lateInVenture <= LateShare * VentureBatches * maxRows / 2);
        }
    }

    private void EndVenture(bool isWorthIt) =>
        (_venture, _share, _ventureAfter) = isWorthIt ? (0, 1, FirstVentureAfter) : (0, _shareBefore, Math.Min(LastVentureAfter, 2 * _ventureAfter));

    /// <summary>How many of the oldest requests get most done, of those that are in time; of all, when none is.</summary>
    private (int Requests, int Rows) Choose(in QueueHead head, double left)
    {
        var anyInTime = costs.Mean(head.Rows[0]) <= left;
        var fastest = 0.0;
        var rows = 0;
        foreach (var more in head.Rows)
        {
            rows += more;
            var cost = costs.Mean(rows);
            fastest = !anyInTime || cost <= left ? Math.Max(fastest, rows / Math.Max(1, cost)) : fastest;
        }

        var (small, large, unknown) = ((Requests: 0, Rows: 0), (Requests: 0, Rows: 0), (Requests: 0, Rows: 0));
        rows = 0;
        for (var i = 0; i < head.Rows.Length; i++)
        {
            rows += head.Rows[i];
            var cost = costs.Mean(rows);
            if ((!anyInTime || cost <= left) && rows / Math.Max(1, cost) >= NearlyAsMuch * fastest)
            {
                large = (i + 1, rows);
                small = small.Requests == 0 ? large : small;
            }

            if (i == 0 || rows <= 2 * costs.LargestKnown)
            {
                unknown = (i + 1, rows);
            }
        }

        var best = small.Rows <= MuchSmaller * large.Rows ? small : large;

        // What has never been run may be faster than all that has: a step beyond it is always worth a try.
        return rows > costs.LargestKnown && unknown.Rows > best.Rows ? unknown : best;
    }

    /// <summary>Until when company is worth waiting for.</summary>
    /// <param name="rows">The rows that wait.</param>
    /// <param name="slack">How long they can wait and still be in time with one more. Ticks.</param>
    /// <param name="now">The time.</param>
    private long WaitUntil(int rows, double slack, long now)
    {
        if (_askedRows == rows)
        {
            // That has been decided already, and nobody has come since.
            return Math.Min(_askedAt + _askedWindow, now + (long)Math.Max(0, slack));
        }

        // What one more row costs less in this batch than in one of its own.
        _askedGain = Math.Max(0, costs.Mean(rows) + costs.Mean(1) - costs.Mean(rows + 1));
        var window = _company.Patience(rows, _askedGain);
        if (_venture <= (VentureBatches - 1) * maxRows)
        {
            window = Math.Min(window, slack);
        }

        _askedRows = rows;
        _askedAt = now;
        _askedWindow = (long)Math.Max(0, window);
        return now + _askedWindow;
    }
}
