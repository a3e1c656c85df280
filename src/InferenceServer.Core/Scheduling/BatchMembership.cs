using System.Diagnostics.CodeAnalysis;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// The requests of one execution that somebody still waits for. When the last client has gone, the execution itself is cancelled; as
/// long as one waits, its neighbours' leaving changes nothing for it.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A late caller must not find the source disposed; it has no timer and no wait handle to free.")]
internal sealed class BatchMembership
{
    private readonly CancellationTokenSource _cancellation = new();
    private int _waiting;

    public BatchMembership(int members) => _waiting = members;

    /// <summary>Signalled when nobody waits any more.</summary>
    public CancellationToken Cancellation => _cancellation.Token;

    /// <summary>A member's client has gone. Called at most once for each member.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _waiting) == 0)
        {
            _cancellation.Cancel();
        }
    }
}
