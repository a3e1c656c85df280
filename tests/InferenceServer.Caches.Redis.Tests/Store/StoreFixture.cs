using System.Globalization;
using System.IO.Abstractions;
using InferenceServer.Caches.Redis.Settings;
using InferenceServer.Core.Caching;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.Caches.Redis.Tests.Store;

/// <summary>Stores over a Redis of a test's own.</summary>
internal static class StoreFixture
{
    public static CacheKey Key(byte number)
    {
        var bytes = new byte[CacheKey.Size];
        bytes[^1] = number;
        return new CacheKey(bytes);
    }

    /// <summary>Makes a store and waits until it is connected, or has failed for a reason that the caller waits for.</summary>
    public static IResponseStore Make(string host, int port, params (string Key, string Value)[] more)
    {
        var settings = more.Prepend(("port", port.ToString(CultureInfo.InvariantCulture))).Prepend(("host", host)).ToDictionary(static pair => pair.Item1, static pair => pair.Item2);
        settings.TryAdd("socket_timeout", "30000");
        var problems = new List<string>();
        var read = new RedisSettingsReader(new FileSystem(), static _ => null, problems).Read(settings);
        Assert.Empty(problems);
        return RedisStoreFactory.Create(read);
    }

    /// <summary>Asks until it answers; connections are made in the background.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(IResponseStore store, CacheKey key)
    {
        for (var patience = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                return await store.ReadAsync(key, TestContext.Current.CancellationToken);
            }
            catch (ResponseStoreException exception) when (!exception.IsRefusal && TimeProvider.System.GetElapsedTime(patience) < TestTimeouts.Phase)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }
    }

    public static async Task RoundTripAsync(IResponseStore store)
    {
        Assert.Null(await ReadAsync(store, Key(1)));
        await store.WriteAsync(Key(1), new byte[] { 1, 2, 3 }, TestContext.Current.CancellationToken);
        await store.WriteAsync(Key(2), new byte[1_000_000], TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], (await ReadAsync(store, Key(1)))!.Value.ToArray());
        Assert.Equal(1_000_000, (await ReadAsync(store, Key(2)))!.Value.Length);
        Assert.Null(await ReadAsync(store, Key(3)));
    }
}
