using System.Diagnostics.CodeAnalysis;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// The requests of one execution that somebody still waits for. When the last client has gone, the execution itself is cancelled; as
/// long as one waits, its neighbours' leaving changes nothing for it.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A late caller must not find the source disposed; it has no timer and no wait handle to free.")]
internal sealed class BatchMembership(int members)
{
    private int _waiting = members;

    // The rest is guarded by the object itself: one is made for every execution, and most are asked for nothing.
    private CancellationTokenSource? _cancellation;
    private Action<object?>? _stop;
    private object? _state;

    /// <summary>True when nobody waits any more.</summary>
    public bool IsCancelled => Volatile.Read(ref _waiting) == 0;

    /// <summary>Signalled when nobody waits any more.</summary>
    public CancellationToken Cancellation
    {
        get
        {
            lock (this)
            {
                if (_cancellation is null)
                {
                    _cancellation = new CancellationTokenSource();
                    if (IsCancelled)
                    {
                        // Nobody can have registered yet.
                        _cancellation.Cancel();
                    }
                }

                return _cancellation.Token;
            }
        }
    }

    /// <summary>A member's client has gone. Called at most once for each member.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _waiting) > 0)
        {
            return;
        }

        CancellationTokenSource? source;
        lock (this)
        {
            source = _cancellation;
            _stop?.Invoke(_state);
        }

        // Outside: who has registered may do what he likes.
        source?.Cancel();
    }

    /// <summary>Has <paramref name="stop"/> called when nobody waits any more, or at once; one at a time.</summary>
    public void Watch(Action<object?> stop, object? state)
    {
        lock (this)
        {
            (_stop, _state) = (stop, state);
            if (IsCancelled)
            {
                stop(state);
            }
        }
    }

    /// <summary>Nothing is called from now on, nor still under way.</summary>
    public void Unwatch()
    {
        lock (this)
        {
            (_stop, _state) = (null, null);
        }
    }
}
