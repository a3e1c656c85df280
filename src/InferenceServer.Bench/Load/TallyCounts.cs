using HdrHistogram;
using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Load;

/// <summary>What was seen within a span, by one worker or by all.</summary>
internal sealed class TallyCounts
{
    private readonly Dictionary<string, ErrorCount> _errors = new(StringComparer.Ordinal);

    public LongHistogram Latencies { get; } = LatencyHistogram.Make();

    /// <summary>How long after they were due requests were sent; empty in a closed loop.</summary>
    public LongHistogram? Lags { get; private set; }

    /// <summary>From when requests were due to their first responses; null where each has one response.</summary>
    public LongHistogram? FirstResponses { get; private set; }

    /// <summary>The mean time between the responses of each request that had several.</summary>
    public LongHistogram? Gaps { get; private set; }

    /// <summary>Answers that came within the span.</summary>
    public long Completed { get; private set; }

    /// <summary>Responses of the requests whose latencies count.</summary>
    public long Responses { get; private set; }

    public long BytesSent { get; private set; }

    public long BytesReceived { get; private set; }

    /// <summary>Requests that were sent so long after they were due that it shows.</summary>
    public long Late { get; private set; }

    /// <summary>Those of them that were due while no connection was free.</summary>
    public long Starved { get; private set; }

    /// <summary>Connections that had to be opened anew.</summary>
    public long Reconnects { get; set; }

    public IReadOnlyList<ErrorCount> Errors => [.. _errors.Values.OrderByDescending(static one => one.Count).ThenBy(static one => one.Kind, StringComparer.Ordinal)];

    public long Failed => _errors.Values.Sum(static one => one.Count);

    public void AddCompleted(long bytesSent, long bytesReceived)
    {
        Completed++;
        BytesSent += bytesSent;
        BytesReceived += bytesReceived;
    }

    public void AddLatency(TimeSpan latency) => LatencyHistogram.Record(Latencies, latency);

    public void AddLag(TimeSpan lag, bool isLate, bool isStarved)
    {
        LatencyHistogram.Record(Lags ??= LatencyHistogram.Make(), lag);
        Late += isLate ? 1 : 0;
        Starved += isLate && isStarved ? 1 : 0;
    }

    public void AddResponses(TimeSpan first, TimeSpan whole, int responses)
    {
        Responses += responses;
        LatencyHistogram.Record(FirstResponses ??= LatencyHistogram.Make(), first);
        if (responses > 1)
        {
            LatencyHistogram.Record(Gaps ??= LatencyHistogram.Make(), (whole - first) / (responses - 1));
        }
    }

    public void AddError(RequestFailure failure, long count = 1) =>
        _errors[failure.Kind] = _errors.TryGetValue(failure.Kind, out var known) ? known with { Count = known.Count + count } : new ErrorCount(failure.Kind, count, failure.Message);

    public void Add(TallyCounts other)
    {
        Latencies.Add(other.Latencies);
        Lags = Sum(Lags, other.Lags);
        FirstResponses = Sum(FirstResponses, other.FirstResponses);
        Gaps = Sum(Gaps, other.Gaps);
        Completed += other.Completed;
        Responses += other.Responses;
        BytesSent += other.BytesSent;
        BytesReceived += other.BytesReceived;
        Late += other.Late;
        Starved += other.Starved;
        Reconnects += other.Reconnects;
        foreach (var error in other._errors.Values)
        {
            AddError(new RequestFailure(error.Kind, error.FirstMessage), error.Count);
        }
    }

    public void Clear()
    {
        Latencies.Reset();
        Lags?.Reset();
        FirstResponses?.Reset();
        Gaps?.Reset();
        (Completed, Responses, BytesSent, BytesReceived, Late, Starved, Reconnects) = (0, 0, 0, 0, 0, 0, 0);
        _errors.Clear();
    }

    private static LongHistogram? Sum(LongHistogram? sum, LongHistogram? other)
    {
        if (other is null || other.TotalCount == 0)
        {
            return sum;
        }

        sum ??= LatencyHistogram.Make();
        sum.Add(other);
        return sum;
    }
}
