using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>
/// Estimates quantiles of the durations of the last minute, and counts all of them. It takes a lock for each measurement: a version has
/// one only where an operator asks for it.
/// </summary>
public sealed class LatencySummary
{
    /// <summary>How far back the quantiles look: as in Triton.</summary>
    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // The oldest stream answers, and is emptied and becomes the newest when its time is over: so the window moves on in steps.
    private const int Ages = 5;
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly QuantileStream[] _streams;
    private readonly long _step;
    private long _turn;
    private int _oldest;
    private long _count;
    private long _ticks;

    internal LatencySummary(ImmutableArray<QuantileTarget> targets, TimeProvider time)
    {
        Targets = targets;
        _time = time;
        _streams = [.. Enumerable.Range(0, Ages).Select(_ => new QuantileStream(targets))];
        _step = Math.Max(1, (long)(Window.TotalSeconds * time.TimestampFrequency) / Ages);
        _turn = time.GetTimestamp() + _step;
    }

    /// <summary>The quantiles that are estimated.</summary>
    public ImmutableArray<QuantileTarget> Targets { get; }

    /// <summary>How many durations there were, how long they were in all, and the estimates in microseconds in the order of <see cref="Targets"/>; NaN for none.</summary>
    public (CountedDuration Total, ImmutableArray<double> Quantiles) Read()
    {
        lock (_lock)
        {
            Turn(_time.GetTimestamp());
            return (new CountedDuration(_count, new TimeSpan(_ticks)), [.. Targets.Select(target => _streams[_oldest].Estimate(target.Quantile))]);
        }
    }

    internal void Observe(TimeSpan duration)
    {
        var microseconds = duration.TotalMicroseconds;
        lock (_lock)
        {
            Turn(_time.GetTimestamp());
            _count++;
            _ticks += duration.Ticks;
            foreach (var stream in _streams)
            {
                stream.Add(microseconds);
            }
        }
    }

    private void Turn(long now)
    {
        for (var i = 0; i < Ages && now >= _turn; i++)
        {
            _streams[_oldest].Clear();
            _oldest = (_oldest + 1) % Ages;
            _turn += _step;
        }

        if (now >= _turn)
        {
            // Nothing for longer than the window: all streams are empty, and the steps begin anew.
            _turn = now + _step;
        }
    }
}
