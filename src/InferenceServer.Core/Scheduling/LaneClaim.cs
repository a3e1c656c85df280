namespace InferenceServer.Core.Scheduling;

/// <summary>A lane's standing with the <see cref="RateLimiter"/>, under whose lock all of it changes.</summary>
/// <param name="limiter">Where it stands.</param>
/// <param name="needs">What it takes for each execution, by resource.</param>
/// <param name="priority">How rarely it is preferred.</param>
internal sealed class LaneClaim(RateLimiter limiter, IReadOnlyList<KeyValuePair<ResourceKey, int>> needs, int priority) : IDisposable
{
    public IReadOnlyList<KeyValuePair<ResourceKey, int>> Needs => needs;

    /// <summary>What has the lane look again. Called without any lock, from a thread of the pool.</summary>
    public Action? Wake { get; set; }

    public ClaimState State { get; set; }

    /// <summary>How often it has run.</summary>
    public long Executions { get; set; }

    /// <summary>When it began to wait, in numbers that only grow.</summary>
    public long Ticket { get; set; }

    /// <summary>Of those that wait, the one with the least goes first.</summary>
    public double Weight => (double)Executions * priority;

    /// <summary>Takes all that an execution needs, or nothing: then the lane is woken when it has it.</summary>
    public bool TryTake() => limiter.TryTake(this);

    /// <summary>Gives back what it has, or waits no longer.</summary>
    public void Return() => limiter.Return(this);

    /// <summary>The lane is no more.</summary>
    public void Dispose() => limiter.Remove(this);
}
