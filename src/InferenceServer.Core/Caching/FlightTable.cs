using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Caching;

/// <summary>The flights of one version, and the requests that wait for them, bounded by count and by bytes. A request that gives up leaves by itself.</summary>
internal sealed class FlightTable
{
    private readonly ModelCache _owner;
    private readonly ModelCacheSetup _setup;

    // Never held while a request is completed or handed to the scheduler, nor while the cache is asked.
    private readonly Lock _lock = new();
    private readonly Dictionary<CacheKey, CacheFlight> _flights = [];
    private readonly Action<object?> _onClientGone;
    private int _waiting;
    private long _waitingBytes;

    public FlightTable(ModelCache owner, ModelCacheSetup setup)
    {
        _owner = owner;
        _setup = setup;
        _onClientGone = state => Leave((CacheWaiter)state!);
    }

    /// <summary>Requests that wait for others.</summary>
    public int WaitingRequests
    {
        get
        {
            lock (_lock)
            {
                return _waiting;
            }
        }
    }

    /// <summary>Keys for which a request runs or is looked up.</summary>
    public int Flights
    {
        get
        {
            lock (_lock)
            {
                return _flights.Count;
            }
        }
    }

    /// <summary>Finds the flight of a key, or begins it; null when it has no room for another one.</summary>
    public CacheFlight? FindOrBegin(CacheKey key, PendingInference pending, out bool isNew)
    {
        lock (_lock)
        {
            isNew = !_flights.TryGetValue(key, out var flight);
            if (flight is not null)
            {
                return HasRoom(pending) ? flight : null;
            }

            flight = new CacheFlight(_owner, key, pending.OutputOrder is null ? null : [.. pending.Request.RequestedOutputs]);
            _flights.Add(key, flight);
            return flight;
        }
    }

    /// <summary>Has a request wait for a flight. The first one of a new flight has room in any case.</summary>
    public FlightFate Wait(CacheFlight flight, PendingInference pending, bool isNew)
    {
        // Watched before it is put among the others: the registration must be in place before somebody can complete the request.
        var waiter = new CacheWaiter(flight, pending);
        pending.WatchClient(_onClientGone, waiter, _setup.Time);
        FlightFate fate;
        lock (_lock)
        {
            fate = flight.HasLanded ? FlightFate.Landed
                : waiter.IsGone ? FlightFate.Gone
                : isNew || HasRoom(pending) ? FlightFate.Waits
                : FlightFate.FliesAlone;
            if (fate == FlightFate.Waits)
            {
                flight.Waiters.AddLast(waiter.Node);
                _waiting++;
                _waitingBytes += pending.Bytes;
            }
        }

        if (fate != FlightFate.Waits)
        {
            waiter.Pending.UnwatchClient();
        }

        return fate;
    }

    /// <summary>Takes the next one of those that wait, whose deadline and client are the caller's from now on; null when there is none, and the flight is over.</summary>
    public CacheWaiter? TakeNext(CacheFlight flight)
    {
        CacheWaiter next;
        lock (_lock)
        {
            if (flight.Waiters.First is { } first)
            {
                Remove(first.Value);
                next = first.Value;
            }
            else
            {
                Close(flight);
                return null;
            }
        }

        next.Pending.UnwatchClient();
        return next;
    }

    /// <summary>Ends a flight; those that waited are the caller's.</summary>
    public CacheWaiter[] Land(CacheFlight flight)
    {
        CacheWaiter[] waiters;
        lock (_lock)
        {
            waiters = [.. flight.Waiters];
            foreach (var waiter in waiters)
            {
                Remove(waiter);
            }

            Close(flight);
        }

        foreach (var waiter in waiters)
        {
            waiter.Pending.UnwatchClient();
        }

        return waiters;
    }

    /// <summary>The client of a request has gone, or its deadline has passed: it leaves alone.</summary>
    private void Leave(CacheWaiter waiter)
    {
        lock (_lock)
        {
            waiter.IsGone = true;
            if (waiter.Node.List is null)
            {
                return;
            }

            Remove(waiter);
        }

        waiter.Pending.UnwatchClient();
        _owner.GiveUp(waiter.Pending);
    }

    private bool HasRoom(PendingInference pending) => _waiting < _setup.MaxWaiting && (_waiting == 0 || pending.Bytes <= _setup.MaxWaitingBytes - _waitingBytes);

    private void Remove(CacheWaiter waiter)
    {
        waiter.Flight.Waiters.Remove(waiter.Node);
        _waiting--;
        _waitingBytes -= waiter.Pending.Bytes;
    }

    private void Close(CacheFlight flight)
    {
        flight.HasLanded = true;
        _flights.Remove(flight.Key);
    }
}
