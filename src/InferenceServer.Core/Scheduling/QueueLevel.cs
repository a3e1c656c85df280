namespace InferenceServer.Core.Scheduling;

/// <summary>The waiting requests of one priority: those in time, and behind them those that have waited longer than the policy means them to.</summary>
internal sealed class QueueLevel
{
    public RequestList InTime { get; } = new();

    public RequestList Late { get; } = new();

    /// <summary>How many wait in both.</summary>
    public int Count { get; private set; }

    /// <summary>Their rows.</summary>
    public long Rows { get; private set; }

    public void Add(PendingInference pending)
    {
        Count++;
        Rows += pending.Rows;
    }

    public void Remove(PendingInference pending)
    {
        Count--;
        Rows -= pending.Rows;
    }
}
