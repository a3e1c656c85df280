namespace InferenceServer.Core.Hosting;

/// <summary>Whether the server serves, is about to leave, or stops.</summary>
public sealed class ServerPhase
{
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isLeaving;

    /// <summary>True once the server tells whoever asks that it is not ready; until it stops, it serves all that comes nevertheless.</summary>
    public bool IsLeaving => _isLeaving;

    /// <summary>True once the server refuses new work.</summary>
    public bool IsStopping => _stopping.Task.IsCompleted;

    /// <summary>Ends when the server begins to stop.</summary>
    public Task Stopping => _stopping.Task;

    /// <summary>Nobody new is to be sent here from now on; whoever comes is served.</summary>
    public void BeginLeave() => _isLeaving = true;

    /// <summary>New work is refused from now on; what is accepted is finished.</summary>
    public void BeginStop()
    {
        _isLeaving = true;
        _stopping.TrySetResult();
    }
}
