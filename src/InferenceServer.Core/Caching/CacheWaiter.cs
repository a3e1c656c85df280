using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Caching;

/// <summary>A request that waits for the answer to another one like it, or for its cache to say whether it has one.</summary>
internal sealed class CacheWaiter
{
    public CacheWaiter(CacheFlight flight, PendingInference pending)
    {
        Flight = flight;
        Pending = pending;
        Node = new LinkedListNode<CacheWaiter>(this);
    }

    public CacheFlight Flight { get; }

    public PendingInference Pending { get; }

    public LinkedListNode<CacheWaiter> Node { get; }

    /// <summary>True once its client does not wait any more. This changes under the lock of the cache.</summary>
    public bool IsGone { get; set; }
}
