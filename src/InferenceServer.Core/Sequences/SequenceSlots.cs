namespace InferenceServer.Core.Sequences;

/// <summary>The places that lanes have for sequences: the lowest that is free is given first, so that lanes fill evenly and executions have few empty rows.</summary>
internal sealed class SequenceSlots
{
    private readonly PriorityQueue<SequenceSlot, long> _free = new();
    private readonly int[] _taken;
    private readonly int _perLane;
    private int _untouched;

    /// <param name="lanes">How many lanes there are.</param>
    /// <param name="perLane">How many sequences each takes at a time.</param>
    public SequenceSlots(int lanes, int perLane)
    {
        _taken = new int[lanes];
        _perLane = perLane;
    }

    /// <summary>How many places are taken.</summary>
    public int Taken { get; private set; }

    /// <summary>True when a place is free.</summary>
    public bool HasFree => _free.Count > 0 || _untouched / _taken.Length < _perLane;

    /// <summary>How many sequences a lane has. May be read by any thread.</summary>
    public int TakenOf(int lane) => Volatile.Read(ref _taken[lane]);

    /// <summary>Takes the lowest free place; null when there is none.</summary>
    public SequenceSlot? TryTake()
    {
        // Places that have never been taken are not kept in a list: there may be very many.
        SequenceSlot slot;
        if (_free.Count > 0)
        {
            slot = _free.Dequeue();
        }
        else if (HasFree)
        {
            slot = new SequenceSlot(_untouched % _taken.Length, _untouched / _taken.Length);
            _untouched++;
        }
        else
        {
            return null;
        }

        Taken++;
        Volatile.Write(ref _taken[slot.Lane], _taken[slot.Lane] + 1);
        return slot;
    }

    /// <summary>Gives a place back.</summary>
    public void Return(SequenceSlot slot)
    {
        Taken--;
        Volatile.Write(ref _taken[slot.Lane], _taken[slot.Lane] - 1);
        _free.Enqueue(slot, ((long)slot.Index * _taken.Length) + slot.Lane);
    }
}
