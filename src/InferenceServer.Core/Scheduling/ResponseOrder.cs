using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Has requests answered in the order in which they were accepted: an outcome that comes early is held until all before it are there. The requests of clients
/// that have gone hold nobody up.
/// </summary>
internal sealed class ResponseOrder
{
    private readonly object _gate = new();
    private readonly LinkedList<ResponseTurn> _open = [];
    private bool _isReleasing;

    /// <summary>A request has been accepted. Called in the order of acceptance.</summary>
    public void Enter(PendingInference pending)
    {
        lock (_gate)
        {
            pending.Turn = new ResponseTurn(pending);
            pending.Turn.Node = _open.AddLast(pending.Turn);
        }

        pending.Order = this;
    }

    /// <summary>A request has an outcome, which is given to it in its turn, or at once when its client has gone.</summary>
    public void Complete(PendingInference pending, in InferenceOutcome outcome)
    {
        lock (_gate)
        {
            pending.Turn!.Held = outcome;
        }

        if (pending.IsAbandoned)
        {
            Abandon(pending);
        }

        Release();
    }

    /// <summary>The client of a request has gone: it holds nobody up, and the outcome that is held for it, if there is one, is given to whoever still waits.</summary>
    public void Abandon(PendingInference pending)
    {
        lock (_gate)
        {
            // Whichever comes second, the outcome or this, finds the other.
            if (pending.Turn!.Held is null || pending.Turn.Node!.List is null)
            {
                return;
            }

            _open.Remove(pending.Turn.Node);
        }

        pending.Deliver(pending.Turn.Held.Value);
        Release();
    }

    /// <summary>One thread at a time hands out, and none while it holds the lock: whoever completes meanwhile leaves his outcome to it.</summary>
    private void Release()
    {
        lock (_gate)
        {
            if (_isReleasing)
            {
                return;
            }

            _isReleasing = true;
        }

        while (TakeNext() is { } next)
        {
            next.Pending.Deliver(next.Held!.Value);
        }
    }

    private ResponseTurn? TakeNext()
    {
        lock (_gate)
        {
            if (_open.First is { Value.Held: not null } first)
            {
                _open.RemoveFirst();
                return first.Value;
            }

            _isReleasing = false;
            return null;
        }
    }
}
