using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>One sequence from its first request to its end. Changes under the scheduler's lock only; its memory belongs to the request that runs.</summary>
/// <param name="id">Its id.</param>
/// <param name="memory">What the server keeps for it.</param>
/// <param name="lease">What keeps its model loaded.</param>
internal sealed class Sequence(SequenceId id, SequenceMemory memory, ModelLease lease) : IDisposable
{
    public SequenceId Id => id;

    public SequenceMemory Memory => memory;

    /// <summary>The requests that wait for those before them, or for a slot.</summary>
    public RequestList Waiting { get; } = new();

    /// <summary>The one request that a lane has; null for none.</summary>
    public PendingInference? Current { get; set; }

    /// <summary>How many requests have been taken.</summary>
    public long Taken { get; set; }

    /// <summary>The place that it holds; null while it waits for one.</summary>
    public SequenceSlot? Slot { get; set; }

    /// <summary>The row that it has in every execution; null where rows follow one another.</summary>
    public int? Row { get; set; }

    /// <summary>True when no further request finds it: its last one has come, or one of its requests will never run.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Since when it has had no request, as a timestamp.</summary>
    public long IdleSince { get; set; }

    /// <summary>Its place among those that wait for a slot, or among those that have no request.</summary>
    public LinkedListNode<Sequence>? Place { get; set; }

    /// <summary>It has ended: nothing is kept for it any more.</summary>
    public void Dispose()
    {
        memory.Dispose();
        lease.Dispose();
    }
}
