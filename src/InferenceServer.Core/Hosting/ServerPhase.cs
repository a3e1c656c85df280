namespace InferenceServer.Core.Hosting;

/// <summary>Whether the server has begun to stop.</summary>
public sealed class ServerPhase
{
    private volatile bool _isStopping;

    /// <summary>True once the server refuses new work.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>New work is refused from now on; what is accepted is finished.</summary>
    public void BeginStop() => _isStopping = true;
}
