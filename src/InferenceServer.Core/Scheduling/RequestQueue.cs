using System.Runtime.InteropServices;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// The waiting requests of one version, bounded by count and by bytes: by priority, and within one in the order of their arrival. Not thread safe: every call is
/// made under the scheduler's lock, which is never held while a request is completed.
/// </summary>
internal sealed class RequestQueue
{
    /// <summary>How many requests that choose other variants an execution may pass over to find company, so that the search stays short however many wait.</summary>
    private const int MaxPassed = 256;

    private readonly long _maxBytes;
    private readonly BatchCompatibility _compatibility;
    private readonly TimeProvider _time;
    private readonly List<PendingInference> _head = [];
    private readonly List<int> _headRows = [];
    private QueueRules _rules;
    private QueueLevel[] _levels;
    private long _nextExpiry = long.MaxValue;

    public RequestQueue(QueueRules rules, long maxBytes, BatchCompatibility compatibility, TimeProvider time)
    {
        _rules = rules;
        _maxBytes = maxBytes;
        _compatibility = compatibility;
        _time = time;
        _levels = MakeLevels(rules);
    }

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Since when somebody waits and nobody has been taken; only to be read while somebody waits.</summary>
    public long WaitingSince { get; private set; }

    /// <summary>When the first of those that wait may have waited too long; not later, and <see cref="long.MaxValue"/> for never.</summary>
    public long NextExpiry => _nextExpiry;

    /// <summary>Appends a request to those of its priority, unless the queue or that part of it is full.</summary>
    public bool TryAdd(PendingInference pending, long now)
    {
        pending.Level = _rules.LevelOf(pending.Priority);
        var level = _levels[pending.Level];

        // A request larger than the byte limit may still wait alone: it is already in memory, and it could never be served otherwise.
        pending.Refusal = Count >= _rules.MaxRequests || level.Count >= _rules.Levels[pending.Level].MaxRequests ? RefusalReason.QueueFull
            : Count > 0 && pending.Bytes > _maxBytes - Bytes ? RefusalReason.QueueBytes
            : null;
        if (pending.Refusal is not null)
        {
            return false;
        }

        // One that comes by the response cache has come earlier.
        pending.EnqueuedTimestamp = pending.EnqueuedTimestamp == 0 ? now : pending.EnqueuedTimestamp;
        SetTimeout(pending);
        Append(pending, level.InTime, now);
        return true;
    }

    /// <summary>Takes a request out of wherever it stands; false when it is not waiting any more.</summary>
    public bool TryRemove(PendingInference pending)
    {
        if (pending.List is not { } list)
        {
            return false;
        }

        list.Remove(pending);
        _levels[pending.Level].Remove(pending);
        Count--;
        Bytes -= pending.Bytes;
        return true;
    }

    /// <summary>Moves every request whose time is over to <paramref name="expired"/>, or behind the others of its priority where the policy says so.</summary>
    public void RemoveExpired(long now, List<PendingInference> expired)
    {
        // Most requests wait for as long as it takes, and the others mostly for longer than they have to: then there is nothing to look for.
        if (now < _nextExpiry)
        {
            return;
        }

        _nextExpiry = long.MaxValue;
        foreach (var level in _levels)
        {
            RemoveExpired(level.InTime, now, expired);
            RemoveExpired(level.Late, now, expired);
        }
    }

    /// <summary>The rows of all that wait.</summary>
    public long Rows => RowsUpTo(_levels.Length - 1);

    /// <summary>The rows that are served before a request of a priority that comes now.</summary>
    public long RowsAhead(ulong priority) => RowsUpTo(_rules.LevelOf(priority));

    /// <summary>Puts other rules into force. All that wait stay, and wait by these rules from now on.</summary>
    public void Retune(QueueRules rules)
    {
        var waiting = new List<PendingInference>(Count);
        foreach (var level in _levels)
        {
            AddAll(level.InTime, waiting);
            AddAll(level.Late, waiting);
        }

        waiting.ForEach(pending => TryRemove(pending));
        _rules = rules;
        _levels = MakeLevels(rules);
        foreach (var pending in waiting.OrderBy(static pending => pending.EnqueuedTimestamp))
        {
            pending.Level = rules.LevelOf(pending.Priority);
            SetTimeout(pending);
            Append(pending, _levels[pending.Level].InTime, pending.EnqueuedTimestamp);
        }
    }

    /// <summary>What could share the next execution. The result is valid until the queue changes.</summary>
    /// <param name="maxRows">The most rows that one execution takes.</param>
    /// <param name="isDraining">True when the version is being unloaded.</param>
    /// <param name="executionTicks">How long an execution takes, as far as is known: what has a deadline must begin this long before it.</param>
    /// <param name="now">The time.</param>
    public QueueHead Peek(int maxRows, bool isDraining, long executionTicks, long now)
    {
        _head.Clear();
        _headRows.Clear();
        var total = 0L;
        var oldest = long.MaxValue;
        var soonest = long.MaxValue;
        var (tooLarge, incompatible, passed) = (false, false, 0);
        var starved = FindStarved(now);
        for (var pending = starved ?? Next(null); pending is not null; pending = NextBut(starved, pending))
        {
            if (_head.Count > 0)
            {
                if (pending.Variant != _head[0].Variant)
                {
                    // It leads one of the next executions: whoever is first in the queue leads, so that nobody is passed over by more of them than stood before him. Requests of
                    // sequences keep their order.
                    incompatible = true;
                    if (total >= maxRows || pending.Step is not null || ++passed > MaxPassed)
                    {
                        break;
                    }

                    continue;
                }

                tooLarge = total + pending.Rows > maxRows;
                var isOther = !tooLarge && !_compatibility.CanShare(_head[0], pending);
                incompatible |= isOther;
                if (tooLarge || isOther)
                {
                    break;
                }
            }

            _head.Add(pending);
            _headRows.Add(pending.Rows);
            total += pending.Rows;
            oldest = Math.Min(oldest, pending.EnqueuedTimestamp);
            soonest = Math.Min(soonest, Math.Min(pending.DeadlineTimestamp - executionTicks, pending.QueueTimeoutTimestamp));
        }

        return new QueueHead
        {
            Rows = CollectionsMarshal.AsSpan(_headRows),
            IsNextTooLarge = tooLarge,
            IsNextIncompatible = incompatible,
            OldestTimestamp = oldest,
            LatestStartTimestamp = soonest,
            IsDraining = isDraining,
        };
    }

    /// <summary>The rows and the bytes of the first requests of what <see cref="Peek"/> has found.</summary>
    public (int Rows, long Bytes) MeasureHead(int requests)
    {
        var (rows, bytes) = (0, 0L);
        for (var i = 0; i < requests; i++)
        {
            rows += _headRows[i];
            bytes += _head[i].Bytes;
        }

        return (rows, bytes);
    }

    /// <summary>Takes the first <paramref name="count"/> requests of what <see cref="Peek"/> has found, as one batch.</summary>
    public PendingInference[] Take(int count, long now)
    {
        var batch = new PendingInference[count];
        var membership = new BatchMembership(count);
        WaitingSince = now;
        for (var i = 0; i < count; i++)
        {
            var pending = _head[i];
            pending.List!.StarvingSince = now;
            TryRemove(pending);
            pending.Membership = membership;
            batch[i] = pending;
        }

        _head.Clear();
        return batch;
    }

    private static QueueLevel[] MakeLevels(QueueRules rules) => [.. rules.Levels.Select(static _ => new QueueLevel())];

    private static void AddAll(RequestList list, List<PendingInference> all)
    {
        for (var pending = list.First; pending is not null; pending = pending.Next)
        {
            all.Add(pending);
        }
    }

    private static long ExpiryOf(PendingInference pending) => Math.Min(pending.DeadlineTimestamp, pending.QueueTimeoutTimestamp);

    private void Append(PendingInference pending, RequestList list, long now)
    {
        list.Append(pending, now);
        _levels[pending.Level].Add(pending);
        WaitingSince = Count == 0 ? now : WaitingSince;
        Count++;
        Bytes += pending.Bytes;
        _nextExpiry = Math.Min(_nextExpiry, ExpiryOf(pending));
    }

    /// <summary>When a request is given up: after its level's timeout, or its own where that is allowed and shorter; it can never be longer.</summary>
    private void SetTimeout(PendingInference pending)
    {
        var policy = _rules.Levels[pending.Level];
        var own = pending.RequestedTimeout;
        pending.HasOwnTimeout = policy.AllowsOverride && own > TimeSpan.Zero && (policy.Timeout == TimeSpan.Zero || own < policy.Timeout);
        var timeout = pending.HasOwnTimeout ? own : policy.Timeout;
        pending.QueueTimeoutTimestamp = timeout > TimeSpan.Zero ? TimeProviderTicks.Add(pending.EnqueuedTimestamp, _time.ToTicks(timeout)) : long.MaxValue;
    }

    private long RowsUpTo(int level)
    {
        var rows = 0L;
        for (var i = level; i >= 0; i--)
        {
            rows += _levels[i].Rows;
        }

        return rows;
    }

    private void RemoveExpired(RequestList list, long now, List<PendingInference> expired)
    {
        for (var pending = list.First; pending is not null;)
        {
            var next = pending.Next;
            _nextExpiry = ExpiryOf(pending) > now ? Math.Min(_nextExpiry, ExpiryOf(pending)) : _nextExpiry;
            if (pending.DeadlineTimestamp <= now || pending.QueueTimeoutTimestamp <= now)
            {
                TryRemove(pending);
                if (pending.DeadlineTimestamp <= now || !_rules.Levels[pending.Level].DelaysExpired)
                {
                    expired.Add(pending);
                }
                else
                {
                    // Once late, it waits for as long as its client does.
                    pending.QueueTimeoutTimestamp = long.MaxValue;
                    Append(pending, _levels[pending.Level].Late, now);
                }
            }

            pending = next;
        }
    }

    /// <summary>The oldest request of those that have waited for too long behind others which go before them; null for none.</summary>
    private PendingInference? FindStarved(long now)
    {
        RequestList? starved = null;
        if (_rules.MaxStarvationTicks > 0)
        {
            var isBehind = false;
            foreach (var level in _levels)
            {
                Consider(level.InTime);
                Consider(level.Late);
            }

            void Consider(RequestList list)
            {
                if (isBehind && list.First is not null && now - list.StarvingSince >= _rules.MaxStarvationTicks && (starved is null || list.StarvingSince < starved.StarvingSince))
                {
                    starved = list;
                }

                isBehind |= list.First is not null;
            }
        }

        return starved?.First;
    }

    /// <summary>The request that is served after another; the first of all after null.</summary>
    private PendingInference? Next(PendingInference? pending)
    {
        if (pending?.Next is { } next)
        {
            return next;
        }

        var after = pending is null ? 0 : pending.Level;
        for (var i = after; i < _levels.Length; i++)
        {
            var level = _levels[i];
            var isPast = pending is not null && i == after;
            if (!isPast && level.InTime.First is { } inTime)
            {
                return inTime;
            }

            if ((!isPast || ReferenceEquals(pending!.List, level.InTime)) && level.Late.First is { } late)
            {
                return late;
            }
        }

        return null;
    }

    /// <summary>As <see cref="Next"/>, when one request is served before all others.</summary>
    private PendingInference? NextBut(PendingInference? starved, PendingInference pending)
    {
        var next = Next(ReferenceEquals(pending, starved) ? null : pending);
        return next is not null && ReferenceEquals(next, starved) ? Next(next) : next;
    }
}
