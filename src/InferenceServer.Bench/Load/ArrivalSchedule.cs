namespace InferenceServer.Bench.Load;

/// <summary>When the requests of an open loop are due: at times that depend on nothing but the rate and the seed.</summary>
internal sealed class ArrivalSchedule
{
    private readonly Lock _lock = new();
    private readonly Random? _random;
    private readonly double _interval;
    private readonly long _start;
    private double _offset;

    /// <param name="start">When the first request may be due, as a timestamp.</param>
    /// <param name="frequency">Timestamps in a second.</param>
    /// <param name="load">The rate.</param>
    public ArrivalSchedule(long start, long frequency, LoadLevel load)
    {
        _start = start;
        _interval = frequency / (load.Rate ?? throw new ArgumentException("a closed loop has no schedule", nameof(load)));
        _random = load.IsPoisson ? new Random(load.Seed) : null;
        _offset = load.IsPoisson ? Gap() : 0;
    }

    /// <summary>Takes the next request if it is due before a time.</summary>
    public bool TryTake(long end, out long due)
    {
        lock (_lock)
        {
            due = _start + (long)_offset;
            if (due >= end)
            {
                return false;
            }

            _offset += Gap();
            return true;
        }
    }

    /// <summary>How many requests are left that are due before a time; takes them.</summary>
    public long TakeRest(long end)
    {
        long count = 0;
        while (TryTake(end, out _))
        {
            count++;
        }

        return count;
    }

    /// <summary>The gaps of independent clients are distributed exponentially.</summary>
    private double Gap() => _random is null ? _interval : -Math.Log(1 - _random.NextDouble()) * _interval;
}
