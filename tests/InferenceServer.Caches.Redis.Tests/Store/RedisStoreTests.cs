using InferenceServer.Core.Caching;
using InferenceServer.Testing.Caches;
using Xunit;
using static InferenceServer.Caches.Redis.Tests.Store.StoreFixture;

namespace InferenceServer.Caches.Redis.Tests.Store;

public sealed class RedisStoreTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1")]
    [InlineData("4")]
    public async Task Bytes_AreFoundAgain(string connections)
    {
        using var redis = await RedisProcess.StartAsync();
        await using var store = Make("127.0.0.1", redis.Port, ("pool_size", connections));

        await RoundTripAsync(store);
    }

    [Fact]
    public async Task Database_IsTheOneThatIsNamed()
    {
        using var redis = await RedisProcess.StartAsync();
        await using var store = Make("localhost", redis.Port, ("db", "3"));
        await RoundTripAsync(store);

        Assert.Equal("0", await redis.AskAsync("dbsize"));
        Assert.Equal("2", await redis.AskAsync("-n", "3", "dbsize"));
    }

    [Fact]
    public async Task SomethingElseUnderTheKey_IsNoAnswer()
    {
        using var redis = await RedisProcess.StartAsync();
        await using var store = Make("127.0.0.1", redis.Port);
        await RoundTripAsync(store);
        var name = $"inference-server:answer:{Key(1)}";
        await redis.AskAsync("del", name);
        await redis.AskAsync("rpush", name, "a", "b");

        Assert.Equal(0, (await ReadAsync(store, Key(1)))!.Value.Length);
        await store.WriteAsync(Key(1), new byte[] { 9 }, Token);
        Assert.Equal([9], (await ReadAsync(store, Key(1)))!.Value.ToArray());
    }

    [Fact]
    public async Task Password_IsNeededAndNotTold()
    {
        using var redis = await RedisProcess.StartAsync(static port => ["--port", $"{port}", "--requirepass", "hush"]);
        Assert.Equal("OK", await redis.AskAsync("-a", "hush", "--no-auth-warning", "acl", "setuser", "writer", "on", ">whisper", "~*", "&*", "+@all"));
        foreach (var (user, password) in new[] { ("default", "hush"), ("writer", "whisper") })
        {
            await using var store = Make("127.0.0.1", redis.Port, ("user", user), ("password", password));
            await ReadAsync(store, Key(1));
        }

        await using var stranger = Make("127.0.0.1", redis.Port, ("password", "hush-hush"), ("connect_timeout", "1000"));
        var failure = await Assert.ThrowsAsync<ResponseStoreException>(() => stranger.WriteAsync(Key(1), new byte[] { 1 }, Token));
        Assert.DoesNotContain("hush", failure.Message + stranger.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RedisWithoutRoom_RefusesAndGoesOnAnswering()
    {
        using var redis = await RedisProcess.StartAsync();
        await using var store = Make("127.0.0.1", redis.Port);
        await RoundTripAsync(store);
        await redis.AskAsync("config", "set", "maxmemory", "1");

        var failure = await Assert.ThrowsAsync<ResponseStoreException>(() => store.WriteAsync(Key(4), new byte[1000], Token));
        Assert.True(failure.IsRefusal);
        Assert.Contains("OOM", failure.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], (await ReadAsync(store, Key(1)))!.Value.ToArray());
    }

    [Fact]
    public async Task RedisThatComesLaterAndGoes_IsFoundAgain()
    {
        using var redis = await RedisProcess.StartAsync();
        redis.End();
        await using var store = Make("127.0.0.1", redis.Port, ("connect_timeout", "1000"));
        var failure = await Assert.ThrowsAsync<ResponseStoreException>(() => store.ReadAsync(Key(1), Token));
        Assert.False(failure.IsRefusal);
        await redis.StartAgainAsync();
        await RoundTripAsync(store);
        redis.End();
        await Assert.ThrowsAsync<ResponseStoreException>(async () =>
        {
            while (true)
            {
                await store.ReadAsync(Key(1), Token);
            }
        });
        await redis.StartAgainAsync();
        await RoundTripAsync(store);
    }
}
