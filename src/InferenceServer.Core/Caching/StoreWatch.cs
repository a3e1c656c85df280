using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Caching;

/// <summary>
/// Knows whether a store is worth asking: after a failure it is left alone for a while, so that a store that is away or slow costs one request in that while its patience, and
/// not all of them. Each change is logged once.
/// </summary>
internal sealed class StoreWatch(string store, TimeSpan pause, TimeProvider time, ILogger logger)
{
    private readonly Lock _lock = new();
    private StoreState _state = StoreState.Reachable;
    private long _retryAt;

    public StoreState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>True when the caller may ask; while the store is away, one caller a while.</summary>
    public bool TryBegin()
    {
        lock (_lock)
        {
            if (_state == StoreState.Reachable)
            {
                return true;
            }

            if (time.GetTimestamp() < _retryAt)
            {
                return false;
            }

            PutOff();
            return true;
        }
    }

    public void Succeed()
    {
        if (TransitionTo(StoreState.Reachable))
        {
            CachingLog.StoreBack(logger, store);
        }
    }

    public void Fail(string reason)
    {
        if (TransitionTo(StoreState.Away))
        {
            CachingLog.StoreAway(logger, store, reason);
        }
    }

    private bool TransitionTo(StoreState state)
    {
        lock (_lock)
        {
            if (state == StoreState.Away)
            {
                PutOff();
            }

            var isChange = _state != state;
            _state = state;
            return isChange;
        }
    }

    private void PutOff() => _retryAt = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
}
