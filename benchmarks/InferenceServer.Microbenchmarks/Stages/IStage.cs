namespace InferenceServer.Microbenchmarks.Stages;

/// <summary>A part of a request's way, ready to be passed again and again. Not thread safe; whoever made it disposes it where it can be disposed.</summary>
internal interface IStage
{
    /// <summary>Passes it once.</summary>
    void Run();
}
