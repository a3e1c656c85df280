using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Tests.Warmup;
using InferenceServer.Testing;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static InferenceServer.Core.Tests.Caching.CacheFixture;

namespace InferenceServer.Core.Tests.Caching;

public sealed class StoredResponseCacheTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatOneServerKeeps_AnotherOneFinds()
    {
        using var logs = new WarmupLogs();
        var store = new ScriptedStore();
        await using var one = Make(store, logs);
        await using var other = Make(store, logs);
        (await SucceedAsync(InferAsync(one, 7, "a"))).Dispose();
        await Waiting.UntilAsync(() => !store.Content.IsEmpty);
        using var response = await SucceedAsync(InferAsync(other, 7, "b"));

        Assert.Equal(("b", 0), (response.Id, other.Backend.Executions));
        Assert.All(TestTensor.Read<float>(response.Outputs[0]), static value => Assert.Equal(7f, value));
        Assert.Equal((1L, 0L, 1L), (other.Statistics.CacheHits.Count, other.Statistics.CacheMisses.Count, one.Statistics.CacheMisses.Count));
        Assert.Empty(logs.Lines);
    }

    [Fact]
    public async Task StoreThatFails_IsLeftAloneForAWhileAndTheModelRuns()
    {
        using var logs = new WarmupLogs();
        var time = new FakeTimeProvider();
        var store = new ScriptedStore { Failure = new ResponseStoreException("the connection is not there") };
        await using var model = Make(store, logs, time);
        for (var i = 0; i < 5; i++)
        {
            (await SucceedAsync(InferAsync(model, i))).Dispose();
        }

        Assert.Equal((5, 1, 0), (model.Backend.Executions, store.Reads, store.Writes));
        Assert.Equal((LogLevel.Warning, "The response cache (a scripted store) is away, requests run without it: the connection is not there"), Assert.Single(logs.Lines));
        store.Failure = null;
        time.Advance(TimeSpan.FromSeconds(1));
        (await SucceedAsync(InferAsync(model, 9))).Dispose();
        await Waiting.UntilAsync(() => store.Writes == 1);
        Assert.Equal(2, store.Reads);
        await Waiting.UntilAsync(() => logs.Lines.Length == 2);
        Assert.Equal((LogLevel.Information, "The response cache (a scripted store) answers again"), logs.Lines[1]);
    }

    [Fact]
    public async Task StoreThatDoesNotAnswer_IsGivenUpAfterItsPatience()
    {
        using var logs = new WarmupLogs();
        var time = new FakeTimeProvider();
        var never = new TaskCompletionSource();
        var store = new ScriptedStore { Gate = never.Task, Patience = TimeSpan.FromMilliseconds(500) };
        await using var model = Make(store, logs, time);
        var waiting = InferAsync(model, 7);
        await Waiting.UntilAsync(() => store.Reads == 1);
        Assert.Equal((0, 1), (model.Backend.Executions, model.Served.Cache!.WaitingRequests));
        time.Advance(TimeSpan.FromMilliseconds(500));

        (await SucceedAsync(waiting)).Dispose();
        Assert.Contains("no answer within 500 ms", Assert.Single(logs.Lines).Message, StringComparison.Ordinal);
        never.SetResult();
    }

    [Fact]
    public async Task ClientThatGoesDuringALookup_IsAnsweredAtOnce()
    {
        using var logs = new WarmupLogs();
        var gate = new TaskCompletionSource();
        var store = new ScriptedStore { Gate = gate.Task };
        await using var model = Make(store, logs);
        using var client = new CancellationTokenSource();
        var leaving = InferAsync(model, 7, "a", client.Token);
        var staying = InferAsync(model, 7, "b");
        await client.CancelAsync();

        Assert.False((await leaving.WaitAsync(TestTimeouts.Phase, Token)).IsSuccess);
        gate.SetResult();
        (await SucceedAsync(staying)).Dispose();
        Assert.Equal((1, 1), (store.Reads, model.Backend.Executions));
    }

    [Fact]
    public async Task Rubbish_IsAMissThatIsWrittenOver()
    {
        using var logs = new WarmupLogs();
        var store = new ScriptedStore();
        await using (var first = Make(store, logs))
        {
            (await SucceedAsync(InferAsync(first, 7))).Dispose();
            await Waiting.UntilAsync(() => !store.Content.IsEmpty);
        }

        var key = Assert.Single(store.Content).Key;
        foreach (var rubbish in new byte[][] { [], [1, 2, 3], [.. store.Content[key].Select(static value => (byte)(value + 1))] })
        {
            store.Content[key] = rubbish;
            await using var model = Make(store, logs);
            (await SucceedAsync(InferAsync(model, 7))).Dispose();
            Assert.Equal(1, model.Backend.Executions);
            await Waiting.UntilAsync(() => !store.Content[key].SequenceEqual(rubbish));
        }

        Assert.All(logs.Lines, static line => Assert.Contains("no answer of this server", line.Message, StringComparison.Ordinal));
        Assert.Equal(3, logs.Lines.Length);
    }

    [Fact]
    public async Task SoundAnswerOfAnotherModel_IsAMiss()
    {
        using var logs = new WarmupLogs();
        var store = new ScriptedStore();
        await using (var model = Make(store, logs))
        {
            (await SucceedAsync(InferAsync(model, 7))).Dispose();
            await Waiting.UntilAsync(() => !store.Content.IsEmpty);
        }

        var key = Assert.Single(store.Content).Key;
        using (var other = Answer(16))
        {
            store.Content[key] = AnswerCodec.Write(key, other);
        }

        await using var second = Make(store, logs);
        (await SucceedAsync(InferAsync(second, 7))).Dispose();
        Assert.Equal((1, 0L), (second.Backend.Executions, second.Statistics.CacheHits.Count));
    }

    [Fact]
    public async Task StoreThatRefusesWrites_IsStillAskedAndLoggedOnce()
    {
        using var logs = new WarmupLogs();
        var store = new ScriptedStore();
        var cache = new StoredResponseCache(store, TimeProvider.System, logs);
        store.Failure = new ResponseStoreException("it answers with the error OOM") { IsRefusal = true };
        for (byte i = 1; i < 4; i++)
        {
            Assert.Null(await cache.FindAsync(Key(i)));
        }

        Assert.Equal(3, store.Reads);
        Assert.Equal(new StoredCacheReport(true, 3, 0, 0, 0), cache.Read().Store);
        Assert.Contains("OOM", Assert.Single(logs.Lines).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MoreInsertionsThanTheStoreTakes_AreDroppedAndCounted()
    {
        using var logs = new WarmupLogs();
        var gate = new TaskCompletionSource();
        var store = new ScriptedStore { Gate = gate.Task };
        var cache = new StoredResponseCache(store, TimeProvider.System, logs);
        using (var answer = Answer(16))
        {
            for (var i = 0; i < StoredResponseCache.MaxPendingAnswers + 5; i++)
            {
                cache.Store(Key((byte)i), answer, cache);
            }

            Assert.Equal(5, cache.Read().Store!.Dropped);
            gate.SetResult();
            await Waiting.UntilAsync(() => store.Writes == StoredResponseCache.MaxPendingAnswers && answer.Outputs[0].Buffer.Count == 1);
        }

        using var late = Answer(16);
        cache.Store(Key(200), late, cache);
        await Waiting.UntilAsync(() => store.Writes == StoredResponseCache.MaxPendingAnswers + 1);
    }

    [Fact]
    public async Task StoreThatThrowsAnything_CostsNoRequest()
    {
        using var logs = new WarmupLogs();
        var store = new ScriptedStore { Failure = new InvalidOperationException("a bug") };
        await using var model = Make(store, logs);
        (await SucceedAsync(InferAsync(model, 7))).Dispose();

        Assert.Equal([LogLevel.Error, LogLevel.Warning], logs.Lines.Select(static line => line.Level));
    }

    private static ServedModelFixture Make(ScriptedStore store, WarmupLogs logs, TimeProvider? time = null) =>
        new(cache: new StoredResponseCache(store, time ?? TimeProvider.System, logs), time: time);

    private static Task<InferenceOutcome> InferAsync(ServedModelFixture model, float value, string id = "", CancellationToken? client = null) =>
        model.Engine.InferAsync(model.Rows(1, value, id), client ?? Token).AsTask();
}
