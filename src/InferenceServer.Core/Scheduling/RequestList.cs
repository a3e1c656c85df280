namespace InferenceServer.Core.Scheduling;

/// <summary>Waiting requests in the order in which they came into the list, linked through themselves: taking one out of anywhere costs the same.</summary>
internal sealed class RequestList
{
    public PendingInference? First { get; private set; }

    private PendingInference? _last;

    /// <summary>Since when requests wait here without one of them being run, as a timestamp. Means nothing while the list is empty.</summary>
    public long StarvingSince { get; set; }

    public void Append(PendingInference pending, long now)
    {
        pending.List = this;
        pending.Previous = _last;
        if (_last is null)
        {
            First = pending;
            StarvingSince = now;
        }
        else
        {
            _last.Next = pending;
        }

        _last = pending;
    }

    public void Remove(PendingInference pending)
    {
        if (pending.Previous is null)
        {
            First = pending.Next;
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
        pending.List = null;
    }
}
