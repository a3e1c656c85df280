namespace InferenceServer.Core.Telemetry;

/// <summary>
/// The part of their time for which lanes were busy lately. It is worked out when it is asked for, from how long they had been busy when it was asked for before: nothing has to be
/// done in between. Whoever asks often, and whoever else does, gets an average over at least <see cref="Window"/>, as soon as there is as much.
/// </summary>
internal sealed class BusyShare
{
    /// <summary>Over how much time the average goes, where it is asked for as often; over the time between two questions, where that is longer.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(15);

    // So many readings at most are kept, at least this long apart.
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<Reading> _readings = new();
    private readonly TimeProvider _time;
    private Reading _last;

    public BusyShare(TimeProvider time)
    {
        _time = time;
        _last = new Reading(time.GetTimestamp(), TimeSpan.Zero);
        _readings.Enqueue(_last);
    }

    /// <summary>The share, from 0 to 1.</summary>
    /// <param name="busy">How long all lanes together have been busy since the beginning.</param>
    /// <param name="lanes">How many lanes there are.</param>
    public double Read(TimeSpan busy, int lanes)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            while (_readings.Count > 1 && _time.GetElapsedTime(_readings.ElementAt(1).Timestamp, now) >= Window)
            {
                _readings.Dequeue();
            }

            var first = _readings.Peek();
            if (_time.GetElapsedTime(_last.Timestamp, now) >= s_step)
            {
                _last = new Reading(now, busy);
                _readings.Enqueue(_last);
            }

            var passed = _time.GetElapsedTime(first.Timestamp, now);
            return lanes == 0 || passed <= TimeSpan.Zero ? 0 : Math.Clamp((busy - first.Busy) / (passed * lanes), 0, 1);
        }
    }

    private readonly record struct Reading(long Timestamp, TimeSpan Busy);
}
