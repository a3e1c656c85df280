namespace InferenceServer.Core.Caching;

/// <summary>Which response cache the server has. A store outside of the process is added to the application's services as <see cref="IResponseStore"/>.</summary>
public sealed record ResponseCacheOptions
{
    /// <summary>What answers may take in memory; null when they are not kept there. Bytes.</summary>
    public long? LocalBytes { get; init; }
}
