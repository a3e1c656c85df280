namespace InferenceServer.Core.Routing;

/// <summary>What has come of the requests of a target within its window.</summary>
/// <param name="Requests">Those that say something about the target.</param>
/// <param name="Failures">Those of them that failed by a fault of the server or the model.</param>
/// <param name="Slow">Those of them that took longer than they may.</param>
public readonly record struct WindowCounts(long Requests, long Failures, long Slow);
