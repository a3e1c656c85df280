using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Has requests answered in the order in which they were accepted: an outcome that comes early is held until all before it are there. The requests of clients
/// that have gone hold nobody up.
/// </summary>
internal sealed class ResponseOrder
{
    private readonly object _gate = new();
    private readonly LinkedList<PendingInference> _open = [];
    private bool _isReleasing;

    /// <summary>A request has been accepted. Called in the order of acceptance.</summary>
    public void Enter(PendingInference pending)
    {
        lock (_gate)
        {
            pending.Turn = _open.AddLast(pending);
        }

        pending.Order = this;
    }

    /// <summary>A request has an outcome, which is given to it in its turn, or at once when its client has gone.</summary>
    public void Complete(PendingInference pending, in InferenceOutcome outcome)
    {
        lock (_gate)
        {
            pending.HeldOutcome = outcome;
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
            if (pending.HeldOutcome is null || pending.Turn!.List is null)
            {
                return;
            }

            _open.Remove(pending.Turn);
        }

        pending.Deliver(pending.HeldOutcome!.Value);
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
            next.Deliver(next.HeldOutcome!.Value);
        }
    }

    private PendingInference? TakeNext()
    {
        lock (_gate)
        {
            if (_open.First is { Value.HeldOutcome: not null } first)
            {
                _open.RemoveFirst();
                return first.Value;
            }

            _isReleasing = false;
            return null;
        }
    }
}
