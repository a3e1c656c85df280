using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Protocols.KServe.Memory;

/// <summary>
/// The memory that the large bodies of all requests in flight may take together, over HTTP and gRPC. A body that finds no room waits unread, so that the flow control of its connection holds its client up.
/// The line is served in the order in which it came. What is larger than everything there is comes in when it is alone.
/// </summary>
/// <remarks>
/// A body whose length nobody knows takes what it needs as it grows, and waits for that holding what it has. Such a one goes before those that have nothing yet, since it may be what they wait for. When all that is held
/// is held by bodies that wait to grow, nobody else could end their waiting: then one of them, and no other until it is answered, gets what it wants beyond the limit.
/// </remarks>
public sealed class RequestMemoryGate
{
    /// <summary>Bodies smaller than this are not counted.</summary>
    internal const int SmallestBytes = 64 << 10;

    private readonly Lock _lock = new();
    private readonly LinkedList<RoomWaiter> _growing = new();
    private readonly LinkedList<RoomWaiter> _arriving = new();
    private readonly TimeSpan _maxWait;
    private readonly TimeProvider _time;
    private RequestRoom? _exceeding;
    private long _inUse;
    private long _peak;
    private long _heldByGrowing;
    private long _waits;
    private long _waitedTicks;
    private long _refusals;

    /// <summary>Makes a gate of which nothing is in use.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">A limit makes no sense.</exception>
    public RequestMemoryGate(RequestMemoryOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxBytes, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxWait, TimeSpan.Zero, nameof(options));
        Limit = options.MaxBytes;
        _maxWait = options.MaxWait;
        _time = time;
    }

    /// <summary>The most bytes that may be in use; 0 for any number, which are not counted then.</summary>
    public long Limit { get; }

    /// <summary>How many bytes are in use.</summary>
    public long InUse => Interlocked.Read(ref _inUse);

    /// <summary>The most bytes that have been in use at once.</summary>
    public long Peak => Interlocked.Read(ref _peak);

    /// <summary>How many bodies wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _growing.Count + _arriving.Count;
            }
        }
    }

    /// <summary>How often a body had to wait and has ended doing so.</summary>
    public long Waits => Interlocked.Read(ref _waits);

    /// <summary>How long they have waited in all.</summary>
    public TimeSpan Waited => new(Interlocked.Read(ref _waitedTicks));

    /// <summary>How many were refused since there was no room in time.</summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>Gives a room some bytes beside those that it has, when its turn has come.</summary>
    /// <param name="room">Whose they will be.</param>
    /// <param name="bytes">How many more.</param>
    /// <param name="timeLimit">How long the client waits for its answer; null when it does not say so.</param>
    /// <param name="gone">Signalled when the client has gone.</param>
    /// <returns>Null when it has them; otherwise why not, and it has what it had.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    internal ValueTask<InferenceError?> TakeAsync(RequestRoom room, long bytes, TimeSpan? timeLimit, CancellationToken gone)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        lock (_lock)
        {
            // What exceeds the limit would wait for those that wait for it.
            var isNext = room.Bytes == 0 ? _growing.Count == 0 && _arriving.Count == 0 && MayArrive(bytes) : ReferenceEquals(room, _exceeding) || (_growing.Count == 0 && MayGrow(room, bytes));
            if (isNext)
            {
                Give(room, bytes);
                return default;
            }

            var waiter = new RoomWaiter(room, bytes);
            Enter(waiter);
            LetIn();

            // Who is seen to wait is seen by the clock too.
            return waiter.IsAdmitted ? default : WaitAsync(waiter, timeLimit, gone);
        }
    }

    /// <summary>Takes some of what a room has back.</summary>
    internal void Return(RequestRoom room, long bytes)
    {
        lock (_lock)
        {
            Interlocked.Add(ref _inUse, -bytes);
            room.Add(-bytes);
            if (room.Bytes == 0 && ReferenceEquals(room, _exceeding))
            {
                _exceeding = null;
            }

            LetIn();
        }
    }

    private async ValueTask<InferenceError?> WaitAsync(RoomWaiter waiter, TimeSpan? timeLimit, CancellationToken gone)
    {
        var began = _time.GetTimestamp();
        var isDeadline = timeLimit < _maxWait;
        try
        {
            await waiter.Turn.WaitAsync(isDeadline ? timeLimit!.Value : _maxWait, _time, gone).ConfigureAwait(false);
            return null;
        }
        catch (TimeoutException)
        {
            return TryLeave(waiter, out var inUse) ? Refuse(waiter, isDeadline, inUse) : null;
        }
        catch (OperationCanceledException)
        {
            TryLeave(waiter, out _);
            throw;
        }
        finally
        {
            var wait = _time.GetElapsedTime(began);
            waiter.Room.Note(wait);
            Interlocked.Increment(ref _waits);
            Interlocked.Add(ref _waitedTicks, wait.Ticks);
        }
    }

    private InferenceError Refuse(RoomWaiter waiter, bool isDeadline, long inUse)
    {
        Interlocked.Increment(ref _refusals);
        return isDeadline
            ? RequestMemoryErrors.DeadlineExceeded(waiter.Bytes, waiter.Room.Bytes, inUse, Limit)
            : RequestMemoryErrors.NoRoom(waiter.Bytes, waiter.Room.Bytes, inUse, Limit, _maxWait);
    }

    private void Enter(RoomWaiter waiter)
    {
        if (waiter.Room.Bytes > 0)
        {
            _growing.AddLast(waiter);
            _heldByGrowing += waiter.Room.Bytes;
        }
        else
        {
            _arriving.AddLast(waiter);
        }
    }

    /// <summary>Takes a waiter out of its line; false when its turn has come before that.</summary>
    private bool TryLeave(RoomWaiter waiter, out long inUse)
    {
        lock (_lock)
        {
            inUse = _inUse;
            if (waiter.IsAdmitted)
            {
                return false;
            }

            if (_growing.Remove(waiter))
            {
                _heldByGrowing -= waiter.Room.Bytes;
            }
            else
            {
                _arriving.Remove(waiter);
            }

            // Those behind it may want less.
            LetIn();
            return true;
        }
    }

    private void LetIn()
    {
        while (_growing.First?.Value is { } grower)
        {
            if (!MayGrow(grower.Room, grower.Bytes))
            {
                if (_exceeding is not null || _heldByGrowing != _inUse)
                {
                    return;
                }

                _exceeding = grower.Room;
            }

            _growing.RemoveFirst();
            _heldByGrowing -= grower.Room.Bytes;
            Give(grower.Room, grower.Bytes);
            grower.Admit();
        }

        while (_arriving.First?.Value is { } comer && MayArrive(comer.Bytes))
        {
            _arriving.RemoveFirst();
            Give(comer.Room, comer.Bytes);
            comer.Admit();
        }
    }

    private bool MayArrive(long bytes) => _inUse == 0 || bytes <= Limit - _inUse;

    /// <summary>What is alone, and waits for nobody, may become as large as it likes.</summary>
    private bool MayGrow(RequestRoom room, long bytes) => _inUse == room.Bytes || bytes <= Limit - _inUse;

    private void Give(RequestRoom room, long bytes)
    {
        var inUse = Interlocked.Add(ref _inUse, bytes);
        room.Add(bytes);
        if (inUse > _peak)
        {
            Interlocked.Exchange(ref _peak, inUse);
        }
    }
}
