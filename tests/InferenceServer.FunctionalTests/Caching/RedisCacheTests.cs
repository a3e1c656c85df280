using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Caches;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Caching;

/// <summary>Answers that several servers keep in one Redis.</summary>
public sealed class RedisCacheTests : IDisposable
{
    private readonly TemporaryDirectory _one = new();
    private readonly TemporaryDirectory _other = new();

    public void Dispose()
    {
        _one.Dispose();
        _other.Dispose();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatOneServerHasAnswered_AnotherOneFinds()
    {
        using var redis = await RedisProcess.StartAsync();
        CachedModels.Write(_one);
        CachedModels.Write(_other);
        await using var one = await StartAsync(_one, redis);
        await using var other = await StartAsync(_other, redis);
        await UntilConnectedAsync(one);
        await UntilConnectedAsync(other);
        await CachedModels.ExpectAsync(one, 1, 3f, 10f);
        await Waiting.UntilAsync(async () => await redis.AskAsync("dbsize") == "2");

        var before = await CachedModels.CountAsync(other);
        await CachedModels.ExpectAsync(other, 1, 3f, 10f);
        Assert.Equal((before.Executions, before.Hits + 1, before.Misses), await CachedModels.CountAsync(other));
    }

    [Fact]
    public async Task ServersWithOtherWeights_ShareNothing()
    {
        using var redis = await RedisProcess.StartAsync();
        CachedModels.Write(_one);
        CachedModels.Write(_other, "Mul");
        await using var one = await StartAsync(_one, redis);
        await using var other = await StartAsync(_other, redis);
        await UntilConnectedAsync(one);
        await UntilConnectedAsync(other);
        for (var i = 0; i < 2; i++)
        {
            await CachedModels.ExpectAsync(one, 1, 3f, 10f);
            await CachedModels.ExpectAsync(other, 1, 2f, 16f);
        }
    }

    [Fact]
    public async Task Ensembles_ShareWhatTheModelsOfTheirStepsSay_AndNotWhatOtherOnesWould()
    {
        using var redis = await RedisProcess.StartAsync();
        CachedEnsemble.Write(_one);
        CachedEnsemble.Write(_other);
        await using var one = await StartAsync(_one, redis);
        await using var other = await StartAsync(_other, redis, "--model-control-mode=explicit", "--load-model=m");
        await UntilConnectedAsync(one);
        await UntilConnectedAsync(other);
        await CachedModels.ExpectAsync(one, 1, 3f, 10f);
        await Waiting.UntilAsync(async () => await redis.AskAsync("dbsize") == "2");
        var before = await CachedModels.CountAsync(other);
        await CachedModels.ExpectAsync(other, 1, 3f, 10f);
        Assert.Equal((before.Executions, before.Hits + 1, before.Misses), await CachedModels.CountAsync(other));

        // Other weights behind the same ensemble, and then the first ones again, whose answers are still there.
        CachedEnsemble.Write(_other, "Mul");
        Assert.Equal("", (await other.PostAsync("/v2/repository/models/inner/load", "")).Body);
        await CachedModels.ExpectAsync(other, 1, 2f, 16f);
        await CachedModels.ExpectAsync(one, 1, 3f, 10f);
        CachedEnsemble.Write(_other);
        Assert.Equal("", (await other.PostAsync("/v2/repository/models/inner/load", "")).Body);
        var (_, hits, misses) = await CachedModels.CountAsync(other);
        await Waiting.UntilAsync(async () =>
        {
            // Its files are read when it is first asked through the ensemble.
            await CachedModels.ExpectAsync(other, 1, 3f, 10f);
            return (await CachedModels.CountAsync(other)).Hits > hits;
        });
        Assert.Equal(misses, (await CachedModels.CountAsync(other)).Misses);
    }

    [Fact]
    public async Task RedisThatIsKilledHaltedAndEmptied_FailsNoRequest()
    {
        using var redis = await RedisProcess.StartAsync();
        CachedModels.Write(_one);
        await using var server = await StartAsync(_one, redis);
        await UntilConnectedAsync(server);
        using var over = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 3).Select(async client =>
        {
            var sent = 0;
            for (; !over.IsCancellationRequested; sent++)
            {
                var value = (sent % 5) + client;
                await CachedModels.ExpectAsync(server, value, value + 2f, 10f);
            }

            return sent;
        }).ToArray();

        // Each step lasts until the server has noticed: it must not be over before it has meant anything.
        redis.End();
        await UntilUpAsync(server, false);
        await redis.StartAgainAsync();
        await UntilUpAsync(server, true);
        redis.Halt();
        await UntilUpAsync(server, false);
        redis.Resume();
        await UntilUpAsync(server, true);
        await redis.AskAsync("flushall");
        await over.CancelAsync();

        Assert.All(await Task.WhenAll(clients).WaitAsync(TestTimeouts.Phase, Token), static sent => Assert.True(sent > 0));
        var lines = server.Log.Events.Select(static logged => logged.RenderMessage()).Where(static line => line.StartsWith("The response cache", StringComparison.Ordinal)).ToArray();
        Assert.True(lines.Length >= 4);

        // Away and back in turns: each change once.
        Assert.All(lines.Select(static (line, place) => (line, place)), pair => Assert.Equal((pair.place % 2 == 0) == lines[0].Contains("is away", StringComparison.Ordinal), pair.line.Contains("is away", StringComparison.Ordinal)));
        var shown = await CachedModels.ScrapeAsync(server, "inference_server_cache_store_");
        Assert.True(shown["inference_server_cache_store_failure_total"] > 0);
        Assert.Equal(0, shown["inference_server_cache_store_unreadable_total"]);
    }

    [Fact]
    public async Task RedisThatIsNotThere_HoldsUpNeitherTheStartNorRequests()
    {
        using var redis = await RedisProcess.StartAsync();
        redis.End();
        CachedModels.Write(_one);
        await using var server = await StartAsync(_one, redis);

        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        Assert.Equal((2, 0, 2), await CachedModels.CountAsync(server));
    }

    private static Task<RunningServer> StartAsync(TemporaryDirectory repository, RedisProcess redis, params string[] flags) => RunningServer.StartAsync(
        repository.FullPath, flags: ["--cache-config=redis,host=127.0.0.1", $"--cache-config=redis,port={redis.Port}", "--cache-config=redis,connect_timeout=2000", .. flags]);

    /// <summary>Asks until an answer is found: connections are made in the background.</summary>
    private static Task UntilConnectedAsync(RunningServer server) => Waiting.UntilAsync(async () =>
    {
        await CachedModels.InferAsync(server, -1);
        return (await CachedModels.CountAsync(server)).Hits > 0;
    });

    private static Task UntilUpAsync(RunningServer server, bool isUp) => Waiting.UntilAsync(async () =>
        (await CachedModels.ScrapeAsync(server, "inference_server_cache_store_up"))["inference_server_cache_store_up"] == (isUp ? 1 : 0));
}
