using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>
/// Which sequences there are, where they run and which request of each is next. A sequence has at most one request with its lane; the others wait here in their
/// order. Knows no lock, clock or thread: every call says what time it is, and what is to be done goes into the effects.
/// </summary>
/// <param name="limits">What bounds it.</param>
/// <param name="lanes">How many lanes there are.</param>
/// <param name="initial">What the states hold when a sequence begins.</param>
/// <param name="time">For how long timeouts are in ticks; the clock itself is not asked.</param>
internal sealed class SequenceTable(SequenceLimits limits, int lanes, ImmutableArray<InitialState> initial, TimeProvider time)
{
    private readonly Dictionary<SequenceId, Sequence> _open = [];
    private readonly LinkedList<Sequence> _backlog = [];
    private readonly LinkedList<Sequence> _idle = [];
    private readonly SequenceSlots _slots = new(lanes, limits.SlotsPerLane);
    private long _nextTimeout = long.MaxValue;

    /// <summary>Requests that wait for those before them, or for a slot.</summary>
    public int Waiting { get; private set; }

    /// <summary>The bytes of their inputs.</summary>
    public long WaitingBytes { get; private set; }

    /// <summary>Sequences that hold a slot.</summary>
    public int Active => _slots.Taken;

    /// <summary>Sequences that wait for a slot.</summary>
    public int Backlog => _backlog.Count;

    /// <summary>Sequences that were given up since no request came for too long.</summary>
    public long IdleEnded { get; private set; }

    /// <summary>When there may be something for <see cref="Expire"/> to do; <see cref="long.MaxValue"/> for never.</summary>
    public long NextDue => Math.Min(_nextTimeout, _idle.First is { } idle ? TimeProviderTicks.Add(idle.Value.IdleSince, limits.MaxIdleTicks) : long.MaxValue);

    /// <summary>How many sequences a lane has. May be read by any thread.</summary>
    public int ActiveOf(int lane) => _slots.TakenOf(lane);

    /// <summary>True when a further request of the sequence would be taken.</summary>
    public bool IsOpen(SequenceId id) => _open.ContainsKey(id);

    /// <summary>Takes a request, or says why not.</summary>
    public InferenceError? Admit(PendingInference pending, long now, SequenceEffects effects)
    {
        var step = pending.Step!;
        if (!_open.TryGetValue(step.Id, out var sequence) && !step.IsStart)
        {
            return SequenceErrors.NotStarted(pending.Request, step.Id);
        }

        var waits = sequence is null ? _backlog.Count > 0 || !_slots.HasFree : sequence.Slot is null || sequence.Current is not null;
        if (waits && (Waiting >= limits.MaxWaiting || (Waiting > 0 && pending.Bytes > limits.MaxWaitingBytes - WaitingBytes)))
        {
            return InferenceErrors.QueueFull(pending.Request);
        }

        pending.EnqueuedTimestamp = pending.EnqueuedTimestamp == 0 ? now : pending.EnqueuedTimestamp;
        sequence ??= Begin(pending);
        step.Sequence = sequence;
        sequence.Taken++;
        if (waits)
        {
            Wait(sequence, pending, now);
        }
        else
        {
            Leave(_idle, sequence);
            sequence.Current = pending;
            effects.Run(pending);
        }

        if (step.IsEnd)
        {
            Close(sequence);
        }

        return null;
    }

    /// <summary>The lane would not have a request that was admitted and given to it at once: it is as if it had never come.</summary>
    public void Undo(PendingInference pending, long now, SequenceEffects effects)
    {
        var sequence = pending.Step!.Sequence!;
        if (!ReferenceEquals(sequence.Current, pending))
        {
            return;
        }

        sequence.Current = null;
        if (sequence.Taken == 1 || pending.Step.IsStart || sequence.Waiting.First is not null)
        {
            // What has come after it cannot run without it.
            Break(sequence, effects);
        }
        else if (pending.Step.IsEnd && _open.TryAdd(sequence.Id, sequence))
        {
            sequence.IsClosed = false;
        }

        Advance(sequence, now, effects);
    }

    /// <summary>A request that a lane had has ended.</summary>
    /// <param name="pending">The request.</param>
    /// <param name="isBroken">True when it has not run, or its client has gone: then the model's state is not what those after it rely on.</param>
    /// <param name="now">The time.</param>
    /// <param name="effects">What is to be done then.</param>
    public void End(PendingInference pending, bool isBroken, long now, SequenceEffects effects)
    {
        var sequence = pending.Step!.Sequence!;
        if (!ReferenceEquals(sequence.Current, pending))
        {
            return;
        }

        sequence.Current = null;
        if (isBroken)
        {
            Break(sequence, effects);
        }

        Advance(sequence, now, effects);
    }

    /// <summary>The client of a request has gone. False when the request does not wait here; otherwise neither it nor those after it run.</summary>
    public bool Abandon(PendingInference pending, SequenceEffects effects)
    {
        if (pending.Step!.Sequence is not { } sequence || !ReferenceEquals(pending.List, sequence.Waiting))
        {
            return false;
        }

        var next = pending.Next;
        Fail(pending, SequenceFailure.Abandoned, effects);
        FailFrom(sequence, next, effects);
        if (sequence.Slot is null && sequence.Waiting.First is null)
        {
            Leave(_backlog, sequence);
            effects.Free(sequence);
        }

        return true;
    }

    /// <summary>Gives up the sequences whose time is over: those that have had no request for too long, and those whose requests cannot wait for a slot any longer.</summary>
    public void Expire(long now, SequenceEffects effects)
    {
        while (_idle.First is { } idle && now - idle.Value.IdleSince >= limits.MaxIdleTicks)
        {
            IdleEnded++;
            End(idle.Value, now, effects);
        }

        if (now < _nextTimeout)
        {
            return;
        }

        _nextTimeout = long.MaxValue;
        for (var place = _backlog.First; place is not null;)
        {
            var sequence = place.Value;
            place = place.Next;
            var due = TimeoutOf(sequence);
            if (due > now)
            {
                _nextTimeout = Math.Min(_nextTimeout, due);
                continue;
            }

            while (sequence.Waiting.First is { } waiting)
            {
                Fail(waiting, SequenceFailure.NoSlotInTime, effects);
            }

            Close(sequence);
            Leave(_backlog, sequence);
            effects.Free(sequence);
        }
    }

    /// <summary>Ends the sequences that have no request.</summary>
    public void EndIdle(long now, SequenceEffects effects)
    {
        while (_idle.First is { } idle)
        {
            End(idle.Value, now, effects);
        }
    }

    private Sequence Begin(PendingInference pending)
    {
        // The version stays until the sequence has ended, whether it has a request or not.
        var sequence = new Sequence(pending.Step!.Id, new SequenceMemory(initial), pending.Request.Lease.Share());
        _open.Add(sequence.Id, sequence);
        if (_backlog.Count > 0 || !TryPlace(sequence))
        {
            sequence.Place = _backlog.AddLast(sequence);
        }

        return sequence;
    }

    private void End(Sequence idle, long now, SequenceEffects effects)
    {
        Close(idle);
        Leave(_idle, idle);
        Free(idle, now, effects);
    }

    private bool TryPlace(Sequence sequence)
    {
        sequence.Slot = _slots.TryTake();
        sequence.Row = limits.HasFixedRows ? sequence.Slot?.Index : null;
        return sequence.Slot is not null;
    }

    private void Wait(Sequence sequence, PendingInference pending, long now)
    {
        sequence.Waiting.Append(pending, now);
        Waiting++;
        WaitingBytes += pending.Bytes;
        if (sequence.Slot is null)
        {
            _nextTimeout = Math.Min(_nextTimeout, TimeoutOf(pending));
        }
    }

    private void TakeOut(PendingInference pending)
    {
        pending.List!.Remove(pending);
        Waiting--;
        WaitingBytes -= pending.Bytes;
    }

    /// <summary>The next request of a sequence runs; without one it ends, or is idle.</summary>
    private void Advance(Sequence sequence, long now, SequenceEffects effects)
    {
        if (sequence.Waiting.First is { } next)
        {
            TakeOut(next);
            sequence.Current = next;
            effects.Run(next);
        }
        else if (sequence.IsClosed)
        {
            Free(sequence, now, effects);
        }
        else
        {
            sequence.IdleSince = now;
            sequence.Place = _idle.AddLast(sequence);
        }
    }

    /// <summary>A sequence that holds a slot has ended: the first that waits for one gets it.</summary>
    private void Free(Sequence sequence, long now, SequenceEffects effects)
    {
        effects.Free(sequence);
        _slots.Return(sequence.Slot!.Value);
        sequence.Slot = null;
        if (_backlog.First is { } first && TryPlace(first.Value))
        {
            _backlog.RemoveFirst();
            first.Value.Place = null;
            Advance(first.Value, now, effects);
        }
    }

    private void Break(Sequence sequence, SequenceEffects effects) => FailFrom(sequence, sequence.Waiting.First, effects);

    /// <summary>What follows a request that has not run cannot run either, up to one with which the sequence begins anew. Without such a one it is over.</summary>
    private void FailFrom(Sequence sequence, PendingInference? first, SequenceEffects effects)
    {
        while (first is { Step.IsStart: false } follower)
        {
            first = follower.Next;
            Fail(follower, SequenceFailure.Broken, effects);
        }

        if (first is null)
        {
            Close(sequence);
        }
    }

    private void Fail(PendingInference pending, SequenceFailure failure, SequenceEffects effects)
    {
        TakeOut(pending);
        effects.Fail(pending, failure);
    }

    /// <summary>No further request finds the sequence. Another one of its id may have begun already.</summary>
    private void Close(Sequence sequence)
    {
        sequence.IsClosed = true;
        if (_open.TryGetValue(sequence.Id, out var open) && ReferenceEquals(open, sequence))
        {
            _open.Remove(sequence.Id);
        }
    }

    private static void Leave(LinkedList<Sequence> list, Sequence sequence)
    {
        if (sequence.Place is { } place && ReferenceEquals(place.List, list))
        {
            list.Remove(place);
            sequence.Place = null;
        }
    }

    private long TimeoutOf(Sequence sequence)
    {
        var soonest = long.MaxValue;
        for (var pending = sequence.Waiting.First; pending is not null; pending = pending.Next)
        {
            soonest = Math.Min(soonest, TimeoutOf(pending));
        }

        return soonest;
    }

    private long TimeoutOf(PendingInference pending) =>
        pending.RequestedTimeout > TimeSpan.Zero ? TimeProviderTicks.Add(pending.EnqueuedTimestamp, time.ToTicks(pending.RequestedTimeout)) : long.MaxValue;
}
