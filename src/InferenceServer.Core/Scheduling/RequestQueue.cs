using System.Runtime.InteropServices;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// The waiting requests of one version, oldest first, bounded by count and by bytes. Not thread safe: every call is made under the
/// scheduler's lock, which is never held while a request is completed.
/// </summary>
internal sealed class RequestQueue(long maxBytes)
{
    private readonly List<int> _headRows = [];
    private PendingInference? _first;
    private PendingInference? _last;
    private int _mortals;

    /// <summary>How many may wait. When it becomes less than do, all that wait stay.</summary>
    public required int MaxRequests { get; set; }

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public PendingInference? First => _first;

    /// <summary>Appends a request, unless the queue is full.</summary>
    public bool TryAdd(PendingInference pending)
    {
        // A request larger than the byte limit may still wait alone: it is already in memory, and it could never be served otherwise.
        if (Count >= MaxRequests || (Count > 0 && pending.Bytes > maxBytes - Bytes))
        {
            return false;
        }

        pending.IsQueued = true;
        pending.Previous = _last;
        if (_last is null)
        {
            _first = pending;
        }
        else
        {
            _last.Next = pending;
        }

        _last = pending;
        Count++;
        Bytes += pending.Bytes;
        _mortals += IsMortal(pending) ? 1 : 0;
        return true;
    }

    /// <summary>Takes a request out of wherever it stands; false when it is not waiting any more.</summary>
    public bool TryRemove(PendingInference pending)
    {
        if (!pending.IsQueued)
        {
            return false;
        }

        if (pending.Previous is null)
        {
            _first = pending.Next;
        }
        else
        {
            pending.Previous.Next = pending.Next;
        }

        if (pending.Next is null)
        {
            _last = pending.Previous;
        }
        else
        {
            pending.Next.Previous = pending.Previous;
        }

        pending.Next = null;
        pending.Previous = null;
        pending.IsQueued = false;
        Count--;
        Bytes -= pending.Bytes;
        _mortals -= IsMortal(pending) ? 1 : 0;
        return true;
    }

    /// <summary>Moves every request whose time is over to <paramref name="expired"/>.</summary>
    public void RemoveExpired(long now, List<PendingInference> expired)
    {
        // Most requests wait for as long as it takes: then there is nothing to look for.
        for (var pending = _mortals == 0 ? null : _first; pending is not null;)
        {
            var next = pending.Next;
            if (pending.DeadlineTimestamp <= now || pending.QueueTimeoutTimestamp <= now)
            {
                TryRemove(pending);
                expired.Add(pending);
            }

            pending = next;
        }
    }

    /// <summary>Has every request wait until another time.</summary>
    /// <param name="timeoutOf">When the queue policy gives a request up, as a timestamp; <see cref="long.MaxValue"/> for never.</param>
    public void Retime(Func<PendingInference, long> timeoutOf)
    {
        _mortals = 0;
        for (var pending = _first; pending is not null; pending = pending.Next)
        {
            pending.QueueTimeoutTimestamp = timeoutOf(pending);
            _mortals += IsMortal(pending) ? 1 : 0;
        }
    }

    /// <summary>What could share the next execution. The result is valid until the queue changes.</summary>
    public QueueHead Peek(int maxRows, bool isDraining)
    {
        _headRows.Clear();
        var total = 0L;
        var tooLarge = false;
        var incompatible = false;
        for (var pending = _first; pending is not null; pending = pending.Next)
        {
            if (!ReferenceEquals(pending, _first))
            {
                if (total + pending.Rows > maxRows)
                {
                    tooLarge = true;
                    break;
                }

                if (!BatchCompatibility.CanShare(_first!, pending))
                {
                    incompatible = true;
                    break;
                }
            }

            _headRows.Add(pending.Rows);
            total += pending.Rows;
        }

        return new QueueHead
        {
            Rows = CollectionsMarshal.AsSpan(_headRows),
            IsNextTooLarge = tooLarge,
            IsNextIncompatible = incompatible,
            OldestTimestamp = _first?.EnqueuedTimestamp ?? 0,
            IsDraining = isDraining,
        };
    }

    /// <summary>Takes the oldest <paramref name="count"/> requests as one batch.</summary>
    public PendingInference[] Take(int count)
    {
        var batch = new PendingInference[count];
        var membership = new BatchMembership(count);
        for (var i = 0; i < count; i++)
        {
            var pending = _first!;
            TryRemove(pending);
            pending.Membership = membership;
            batch[i] = pending;
        }

        return batch;
    }

    private static bool IsMortal(PendingInference pending) => pending.DeadlineTimestamp != long.MaxValue || pending.QueueTimeoutTimestamp != long.MaxValue;
}
