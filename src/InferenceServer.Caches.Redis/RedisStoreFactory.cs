using InferenceServer.Caches.Redis.Settings;
using InferenceServer.Caches.Redis.Store;
using InferenceServer.Core.Caching;

namespace InferenceServer.Caches.Redis;

/// <summary>Makes stores of settings.</summary>
public static class RedisStoreFactory
{
    /// <summary>Makes a store. It begins to connect at once; that nobody answers is no error.</summary>
    /// <param name="settings">Settings that were read without a problem.</param>
    public static IResponseStore Create(RedisSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new RedisStore(settings);
    }
}
