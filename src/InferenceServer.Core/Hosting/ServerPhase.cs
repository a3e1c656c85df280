namespace InferenceServer.Core.Hosting;

/// <summary>Whether the server has begun to stop.</summary>
public sealed class ServerPhase
{
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True once the server refuses new work.</summary>
    public bool IsStopping => _stopping.Task.IsCompleted;

    /// <summary>Ends when the server begins to stop.</summary>
    public Task Stopping => _stopping.Task;

    /// <summary>New work is refused from now on; what is accepted is finished.</summary>
    public void BeginStop() => _stopping.TrySetResult();
}
