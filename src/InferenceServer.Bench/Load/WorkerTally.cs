using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Rpc;

namespace InferenceServer.Bench.Load;

/// <summary>
/// What one worker sees. A request counts for the rate when its answer ended inside the span, and for the latencies when it was due inside
/// the span, even if its answer came after: leaving the last, perhaps slowest, answers out would flatter the tail.
/// </summary>
internal sealed class WorkerTally(TimeProvider clock)
{
    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly TallyCounts _counts = new();
    private MeasuredSpan _span = MeasuredSpan.Always;

    /// <param name="due">When the request was to be sent: latencies count from here.</param>
    /// <param name="sent">When it was sent; the same as <paramref name="due"/> in a closed loop.</param>
    /// <param name="reply">What came back.</param>
    /// <param name="requestBytes">The length of the request.</param>
    /// <param name="isStarved">Whether no connection was free when it was due.</param>
    public void Success(long due, long sent, Reply reply, int requestBytes, bool isStarved = false)
    {
        lock (_lock)
        {
            if (_span.Contains(reply.EndedAt))
            {
                _counts.AddCompleted(requestBytes, reply.Bytes);
            }

            if (!_span.Contains(due))
            {
                return;
            }

            var latency = clock.GetElapsedTime(due, reply.EndedAt);
            _counts.AddLatency(latency);
            if (sent != due)
            {
                AddLag(due, sent, isStarved);
            }

            if (reply.FirstAt != reply.EndedAt || reply.Responses != 1)
            {
                _counts.AddResponses(clock.GetElapsedTime(due, reply.FirstAt), latency, reply.Responses);
            }
        }
    }

    /// <summary>
    /// Counts a request without a good answer, also one that was due just before the span and failed within it: no failure is to be lost. It has no latency: how fast a server
    /// refuses is no merit.
    /// </summary>
    public void Failure(long due, RequestFailure failure, long count = 1)
    {
        lock (_lock)
        {
            if (due < _span.To)
            {
                _counts.AddError(failure, count);
            }
        }
    }

    public void Reconnected()
    {
        lock (_lock)
        {
            _counts.Reconnects++;
        }
    }

    /// <summary>Adds what there is to a sum and begins anew.</summary>
    public void MoveTo(TallyCounts sum, MeasuredSpan next)
    {
        lock (_lock)
        {
            sum.Add(_counts);
            _counts.Clear();
            _span = next;
        }
    }

    private void AddLag(long due, long sent, bool isStarved)
    {
        var lag = clock.GetElapsedTime(due, Math.Max(due, sent));
        _counts.AddLag(lag, lag > s_late, isStarved);
    }
}
