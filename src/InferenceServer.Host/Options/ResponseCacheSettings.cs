using InferenceServer.Caches.Redis.Settings;
using InferenceServer.Core.Caching;

namespace InferenceServer.Host.Options;

/// <summary>Which response cache the process has.</summary>
internal sealed record ResponseCacheSettings
{
    /// <summary>The cache in memory, if it is that.</summary>
    public ResponseCacheOptions Local { get; init; } = new();

    /// <summary>The Redis that answers are kept in; null for none.</summary>
    public RedisSettings? Redis { get; init; }
}
