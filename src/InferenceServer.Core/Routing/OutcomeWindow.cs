namespace InferenceServer.Core.Routing;

/// <summary>Counts the outcomes of the last seconds, in a fixed number of slots: what is older than the window is forgotten slot by slot.</summary>
/// <param name="span">The length of the window.</param>
/// <param name="time">The clock.</param>
internal sealed class OutcomeWindow(TimeSpan span, TimeProvider time)
{
    /// <summary>How many slots the window has: it forgets in steps of a thirtieth.</summary>
    private const int Slots = 30;

    private readonly Lock _lock = new();
    private readonly WindowCounts[] _slots = new WindowCounts[Slots];
    private readonly long _begin = time.GetTimestamp();
    private long _current;
    private WindowCounts _total;

    /// <summary>Adds outcomes.</summary>
    /// <returns>What the window holds with it.</returns>
    public WindowCounts Record(in WindowCounts more)
    {
        lock (_lock)
        {
            Advance();
            ref var slot = ref _slots[_current % Slots];
            slot = Add(slot, more, 1);
            _total = Add(_total, more, 1);
            return _total;
        }
    }

    /// <summary>What the window holds now.</summary>
    public WindowCounts Read()
    {
        lock (_lock)
        {
            Advance();
            return _total;
        }
    }

    private void Advance()
    {
        var now = (long)(time.GetElapsedTime(_begin) / (span / Slots));
        if (now - _current >= Slots)
        {
            Array.Clear(_slots);
            _total = default;
            _current = now;
        }

        while (_current < now)
        {
            _current++;
            ref var slot = ref _slots[_current % Slots];
            _total = Add(_total, slot, -1);
            slot = default;
        }
    }

    private static WindowCounts Add(in WindowCounts sum, in WindowCounts part, int sign) =>
        new(sum.Requests + (sign * part.Requests), sum.Failures + (sign * part.Failures), sum.Slow + (sign * part.Slow));
}
