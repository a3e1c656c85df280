namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Has the managed heap collected after models have gone. What one has left there is little, and the runtime may wait for hundreds of megabytes before it looks. It looks in the background, which still holds requests up for
/// a moment: where models come and go all the time, it is asked now and then.
/// </summary>
internal sealed class GarbageCollection : IDisposable
{
    /// <summary>The shortest time between two collections.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly Action _collect;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private long? _last;
    private bool _isDue;

    /// <summary>Makes one that collects nothing yet.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="collect">The collection; null for the runtime's own.</param>
    public GarbageCollection(TimeProvider time, Action? collect = null)
    {
        _time = time;
        _collect = collect ?? (static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false));
        _timer = time.CreateTimer(static state => ((GarbageCollection)state!).Collect(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>There is something to collect: at once, or as soon as the last time is long enough ago.</summary>
    public void Ask()
    {
        lock (_lock)
        {
            if (_isDue)
            {
                return;
            }

            _isDue = true;
            var left = _last is { } last ? s_pause - _time.GetElapsedTime(last) : TimeSpan.Zero;
            _timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Collect()
    {
        lock (_lock)
        {
            _isDue = false;
            _last = _time.GetTimestamp();
        }

        _collect();
    }
}
