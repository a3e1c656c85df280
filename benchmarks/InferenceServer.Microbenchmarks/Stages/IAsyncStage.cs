namespace InferenceServer.Microbenchmarks.Stages;

/// <summary>As <see cref="IStage"/>, where the part ends on another thread. One at a time.</summary>
internal interface IAsyncStage
{
    /// <summary>Passes it once.</summary>
    Task RunAsync();
}
