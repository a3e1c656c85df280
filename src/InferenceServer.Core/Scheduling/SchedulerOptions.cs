namespace InferenceServer.Core.Scheduling;

/// <summary>Limits that hold for every model unless its configuration says otherwise.</summary>
public sealed record SchedulerOptions
{
    /// <summary>The most requests that wait for one version; the next one is refused as unavailable.</summary>
    public int MaxQueueSize { get; init; } = 4096;

    /// <summary>The most bytes of inputs that wait for one version; the next request is refused as unavailable.</summary>
    public long MaxQueueBytes { get; init; } = 1L << 30;

    /// <summary>How many responses of one request may wait for their reader before the decoupled model that sends them has to wait.</summary>
    public int MaxUnreadResponses { get; init; } = 256;

    /// <summary>How long a decoupled model waits for a reader that does not read, before the request is given up.</summary>
    public TimeSpan ReaderPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From when on a version whose requests wait while no instance takes one is not ready any more; null for never.</summary>
    public TimeSpan? StallTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>What an execution may take at most for it to be run by the thread that brings the request, where that is also less than handing it over costs; zero for never.</summary>
    public TimeSpan MaxCallerExecution { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>How many executions of a version may run at once where its configuration says nothing of instances and more at once get more done; as many as processors, since an engine does not keep more busy.</summary>
    public int MaxGrownInstances { get; init; } = Environment.ProcessorCount;

    /// <summary>How long a lane's thread waits for work before it ends.</summary>
    public TimeSpan LaneIdleTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
