namespace InferenceServer.Core.Caching;

/// <summary>Tells how the response cache does.</summary>
public interface IResponseCacheStatus
{
    /// <summary>The counters of now; null when the server has no response cache.</summary>
    ResponseCacheReport? Read();
}
