using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>Counts durations by buckets, from any number of threads, without a lock and without allocating.</summary>
public sealed class LatencyHistogram
{
    private readonly double[] _bounds;
    private readonly long[] _boundTicks;
    private readonly long[] _counts;
    private long _ticks;

    /// <summary>Makes an empty histogram.</summary>
    /// <param name="bounds">The upper bounds of the buckets in milliseconds, ascending, each included; what is longer than the last is counted too.</param>
    public LatencyHistogram(ImmutableArray<double> bounds)
    {
        _bounds = [.. bounds];
        _boundTicks = [.. bounds.Select(static bound => (long)Math.Clamp(Math.Floor(bound * TimeSpan.TicksPerMillisecond), long.MinValue, long.MaxValue))];
        _counts = new long[bounds.Length + 1];
    }

    /// <summary>The bounds for a model whose configuration gives none, in milliseconds: those of Triton.</summary>
    public static ImmutableArray<double> DefaultBounds { get; } = [100, 500, 2000, 5000];

    /// <summary>The upper bounds of the buckets in milliseconds.</summary>
    public ReadOnlySpan<double> Bounds => _bounds;

    /// <summary>The sum of all durations.</summary>
    public TimeSpan Sum => new(Interlocked.Read(ref _ticks));

    /// <summary>How many durations lie in each bucket alone; the last count is of those that are longer than every bound.</summary>
    public ImmutableArray<long> ReadCounts()
    {
        var counts = new long[_counts.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = Interlocked.Read(ref _counts[i]);
        }

        return [.. counts];
    }

    internal void Observe(TimeSpan duration)
    {
        var ticks = duration.Ticks;
        var bucket = 0;
        while (bucket < _boundTicks.Length && ticks > _boundTicks[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _counts[bucket]);
        Interlocked.Add(ref _ticks, ticks);
    }
}
