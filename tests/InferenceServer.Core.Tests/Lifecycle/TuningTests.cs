using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>Configurations that a version takes on without a load.</summary>
public sealed class TuningTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MoreInstances_AreAddedToWhatServes()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("max_batch_size: 4"));
        var served = server.Served;

        Assert.Null(await server.LoadAsync("max_batch_size: 4 instance_group { count: 3 }"));

        Assert.Same(served, server.Served);
        Assert.Equal((1, 1, 3), (server.Backend.Loads, server.Backend.LivingModels, server.Backend.LivingInstances));
        Assert.Equal((1, 0), server.Loads);
        Assert.Equal(["1 Ready "], server.Known);
        Assert.Equal(3, Assert.Single(served.Config.ToMessage().InstanceGroup).Count);
        await server.SucceedAsync();
    }

    /// <summary>Lanes beside those that are configured are for models whose configuration says nothing of instances, and go when it does.</summary>
    [Fact]
    public async Task Instances_ThatAreSpokenOf_AreAllThatThereAre()
    {
        await using var server = new TuningFixture();
        foreach (var (config, isFree) in ((string, bool)[])[("", true), ("instance_group { kind: KIND_CPU }", false), ("instance_group { count: 1 }", false), ("max_batch_size: 4", true)])
        {
            Assert.Null(await server.LoadAsync(config));
            Assert.Equal(isFree, LanePlan.Rules(server.Served.Config, new SchedulerOptions(), TimeProvider.System, server.Served.Statistics).MaxSideLanes > 0);
        }

        Assert.Equal(1, server.Backend.Loads);
    }

    [Fact]
    public async Task FewerInstances_GoWhenTheirBatchesHaveEnded()
    {
        await using var server = new TuningFixture();
        var gate = server.Backend.Gate = new ExecutionGate();
        Assert.Null(await server.LoadAsync("max_batch_size: 1 instance_group { count: 3 }"));
        var running = Enumerable.Range(0, 3).Select(_ => server.InferAsync()).ToArray();
        for (var i = 0; i < 3; i++)
        {
            await gate.WaitForArrivalAsync();
        }

        Assert.Null(await server.LoadAsync("max_batch_size: 1 instance_group { count: 1 }"));

        Assert.Equal(3, server.Backend.LivingInstances);
        gate.Open();
        foreach (var outcome in running)
        {
            await server.SucceedAsync(outcome);
        }

        await Waiting.UntilAsync(() => server.Backend.LivingInstances == 1);
        Assert.Equal(1, server.Backend.Loads);
    }

    [Fact]
    public async Task OtherKindOfInstance_IsMadeAnewInThePlaceOfTheOld()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("instance_group { count: 2 }"));

        Assert.Null(await server.LoadAsync("instance_group [ { count: 1 }, { count: 2 kind: KIND_MODEL } ]"));

        Assert.Equal((1, 3), (server.Backend.Loads, server.Backend.LivingInstances));
        Assert.Equal(["Cpu", "Model", "Model"], server.Served.Scheduler.Lanes.Select(static lane => lane.Placement.Kind.ToString()));
    }

    [Fact]
    public async Task PassiveInstances_AreMadeAndGetNoRequests()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("instance_group [ { count: 1 }, { count: 2 passive: true kind: KIND_MODEL } ]"));
        Assert.Equal(3, server.Backend.LivingInstances);
        Assert.Equal("Cpu", Assert.Single(server.Served.Scheduler.Lanes).Placement.Kind.ToString());
        await server.SucceedAsync();

        // More lanes need no load; other passive instances do, and all of the old ones go.
        Assert.Null(await server.LoadAsync("instance_group [ { count: 2 }, { count: 2 passive: true kind: KIND_MODEL } ]"));
        Assert.Equal((1, 4), (server.Backend.Loads, server.Backend.LivingInstances));
        Assert.Null(await server.LoadAsync("instance_group [ { count: 2 }, { count: 1 passive: true kind: KIND_MODEL } ]"));
        await Waiting.UntilAsync(() => server.Backend.LivingModels == 1);
        Assert.Equal((2, 3), (server.Backend.Loads, server.Backend.LivingInstances));
    }

    [Fact]
    public async Task BatchingKnobs_HoldForWhatWaits()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 3600000000 }"));
        var waiting = server.InferAsync();
        await Waiting.UntilAsync(() => server.Served.QueuedRequests == 1);

        Assert.Null(await server.LoadAsync("max_batch_size: 4 dynamic_batching { preferred_batch_size: [ 2 ] default_queue_policy { max_queue_size: 7 } }"));

        await server.SucceedAsync(waiting);
        Assert.Equal((1, (1L, 0L)), (server.Backend.Loads, server.Loads));
        var shown = server.Served.Config.ToMessage().DynamicBatching;
        Assert.Equal((0ul, 7u), (shown.MaxQueueDelayMicroseconds, shown.DefaultQueuePolicy.MaxQueueSize));
        Assert.Equal([2], shown.PreferredBatchSize);
    }

    [Fact]
    public async Task BatchingThatIsLeftOut_IsWhatItWouldBeAfterALoad()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("input { name: \"X\" data_type: TYPE_FP32 dims: [ 2 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ 2 ] } max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 3600000000 }"));

        Assert.Null(await server.LoadAsync("input { name: \"X\" data_type: TYPE_FP32 dims: [ 2 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ 2 ] } max_batch_size: 4"));

        Assert.Null(server.Served.Config.ToMessage().DynamicBatching);
        Assert.Equal(TimeSpan.Zero, server.Served.Config.DynamicBatching!.MaxQueueDelay);
        await server.SucceedAsync();
        Assert.Equal(1, server.Backend.Loads);
    }

    [Fact]
    public async Task AllVersions_TakeItOn()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("version_policy { all { } }", "1", "2"));

        Assert.Null(await server.LoadAsync("version_policy { all { } } instance_group { count: 2 }", "1", "2"));

        Assert.Equal((2, 4), (server.Backend.Loads, server.Backend.LivingInstances));
    }

    [Fact]
    public async Task NewPolicyBesides_LoadsOnlyWhatWasNotThere()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("", "1", "2"));

        Assert.Null(await server.LoadAsync("version_policy { all { } } instance_group { count: 2 }", "1", "2"));

        Assert.Equal((2, 4), (server.Backend.Loads, server.Backend.LivingInstances));
        Assert.Equal(new VersionPolicy.All(), server.Served.Config.VersionPolicy);
    }

    [Theory]
    [InlineData("max_batch_size: 8")]
    [InlineData("max_batch_size: 4 optimization { graph { level: 1 } }")]
    [InlineData("max_batch_size: 4 parameters { key: \"k\" value { string_value: \"v\" } }")]
    [InlineData("max_batch_size: 4 metric_tags { key: \"k\" value: \"v\" }")]
    [InlineData("max_batch_size: 4 input { name: \"X\" data_type: TYPE_FP32 dims: [ 1, 2 ] reshape { shape: [ 2 ] } }")]
    public async Task WhatElseChanges_IsLoadedAnew(string config)
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("max_batch_size: 4"));

        Assert.Null(await server.LoadAsync(config + " instance_group { count: 2 }"));

        await Waiting.UntilAsync(() => server.Backend.LivingModels == 1);
        Assert.Equal((2, 2), (server.Backend.Loads, server.Backend.LivingInstances));
        Assert.Equal((2, 0), server.Loads);
    }

    [Theory]
    [InlineData("max_batch_size: 4 # written otherwise")]
    [InlineData("name: \"m\" max_batch_size: 4")]
    [InlineData("")]
    [InlineData("max_batch_size: 4 default_model_filename: \"model.fake\" instance_group { kind: KIND_CPU count: 1 }")]
    [InlineData("max_batch_size: 4 input { name: \"X\" data_type: TYPE_FP32 dims: [ 2 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ 2 ] } dynamic_batching { }")]
    public async Task OtherSpellingOfTheSame_LoadsNothing(string config)
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("max_batch_size: 4"));
        var before = server.Served.Config.ToMessage();

        Assert.Null(await server.LoadAsync(config));

        Assert.Equal(before.Input, server.Served.Config.ToMessage().Input);
        Assert.Equal((1, 1, (1L, 0L)), (server.Backend.Loads, server.Backend.LivingInstances, server.Loads));
    }

    [Fact]
    public async Task ParametersOfTheServer_AreTakenOnAndNoneOfTheBackends()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("max_batch_size: 4"));

        Assert.Null(await server.LoadAsync("max_batch_size: 4 parameters { key: \"auto_warmup\" value { string_value: \"false\" } } parameters { key: \"residency\" value { string_value: \"on-demand\" } }"));

        Assert.Equal(1, server.Backend.Loads);
        Assert.Equal(2, server.Served.Config.ToMessage().Parameters.Count);
        Assert.Empty(server.Served.Config.Parameters);
        Assert.Equal(Core.Residency.ModelResidency.OnDemand, server.Read().Versions[0].Config.Residency);
    }

    [Fact]
    public async Task ValueThatContradictsTheModel_IsRefusedAsAtLoadAndWhatServesStays()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync(""));

        var reason = await server.LoadAsync("dynamic_batching { preferred_batch_size: [ 64 ] }");

        Assert.Contains("preferred_batch_size of 64 is more than max_batch_size, which is not given and so is 4", reason, StringComparison.Ordinal);
        Assert.Equal((1, (1L, 1L)), (server.Backend.Loads, server.Loads));
        Assert.Equal(["1 Ready ", "1 Failed"], server.Known.Select(static known => known[..8]));
        Assert.Equal([4], server.Served.Config.ToMessage().DynamicBatching.PreferredBatchSize);
        await server.SucceedAsync();

        // Mended, it is as if nothing had been.
        Assert.Null(await server.LoadAsync("dynamic_batching { preferred_batch_size: [ 2 ] }"));
        Assert.Equal(["1 Ready "], server.Known);
        Assert.Equal(1, server.Backend.Loads);
    }

    [Fact]
    public async Task InstanceThatCannotBeMade_IsRefusedAndWhatServesStays()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("instance_group { count: 2 }"));
        server.Backend.MakingInstance = static count =>
        {
            if (count == 4)
            {
                throw new BackendException("no room for it");
            }
        };

        var reason = await server.LoadAsync("instance_group { count: 4 }");

        Assert.Equal("version 1 is at UNAVAILABLE state: no room for it", reason);
        Assert.Equal((1, 2), (server.Backend.Loads, server.Backend.LivingInstances));
        Assert.Equal(2, Assert.Single(server.Served.Config.ToMessage().InstanceGroup).Count);
        await server.SucceedAsync();
    }

    [Fact]
    public async Task AddedInstances_AreWarmedUpBeforeTheyWork()
    {
        const string Warmup = "max_batch_size: 4 model_warmup { name: \"w\" batch_size: 2 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }";
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync(Warmup));
        Assert.Equal(1, server.Backend.Executions);

        Assert.Null(await server.LoadAsync(Warmup + " instance_group { count: 3 }"));
        Assert.Equal(3, server.Backend.Executions);

        server.Backend.Execute = static _ => throw new BackendException("too cold");
        var reason = await server.LoadAsync(Warmup + " instance_group { count: 4 }");
        Assert.Equal("version 1 is at UNAVAILABLE state: failed to run warmup sample 'w': [request id: w] too cold", reason);
        Assert.Equal((1, 3), (server.Backend.Loads, server.Backend.LivingInstances));
    }

    [Fact]
    public async Task UnloadMeanwhile_WaitsForItAndFreesEverything()
    {
        const string Warmup = "max_batch_size: 4 model_warmup { name: \"w\" batch_size: 2 count: 100 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }";
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync(Warmup));
        var gate = server.Backend.Gate = new ExecutionGate();
        var tuning = server.LoadAsync(Warmup + " instance_group { count: 2 }");
        await gate.WaitForArrivalAsync();

        await server.Manager.UnloadAsync("m").WaitAsync(TestTimeouts.Phase, Token);

        Assert.Contains("came in between", await tuning, StringComparison.Ordinal);
        await Waiting.UntilAsync(() => server.Known is ["1 Unloaded unloaded"]);
        Assert.Equal(0, server.Backend.LivingModels);
    }

    [Fact]
    public async Task ChangesThatFollowOneAnother_EndWithTheLast()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("max_batch_size: 4"));
        for (var i = 2; i < 12; i++)
        {
            var count = i;
            await Task.WhenAll(Enumerable.Range(1, 8).Select(other => Task.Run(() => server.Manager.LoadAsync(AspiredOf(server, $"max_batch_size: 4 instance_group {{ count: {other} }}")), Token))).WaitAsync(TestTimeouts.Phase, Token);
            Assert.Null(await server.LoadAsync($"max_batch_size: 4 instance_group {{ count: {count} }}"));
            Assert.Equal(count, server.Served.Scheduler.Lanes.Count);
        }

        Assert.Equal(1, server.Backend.Loads);
        await Waiting.UntilAsync(() => server.Backend.LivingInstances == 11);
        Assert.Equal(["1 Ready "], server.Known);
    }

    [Fact]
    public async Task ChangesUnderLoad_LoseNoRequest()
    {
        await using var server = new TuningFixture();
        Assert.Null(await server.LoadAsync("max_batch_size: 4"));
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await server.SucceedAsync();
            }
        })).ToArray();
        for (var i = 0; i < 40; i++)
        {
            Assert.Null(await server.LoadAsync($"max_batch_size: 4 instance_group {{ count: {i % 5 + 1} }} dynamic_batching {{ max_queue_delay_microseconds: {i % 3 * 100} }}"));
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients).WaitAsync(TestTimeouts.Phase, Token);
        Assert.Equal((1, (1L, 0L)), (server.Backend.Loads, server.Loads));
    }

    private static AspiredModel AspiredOf(TuningFixture server, string config)
    {
        var folder = server.Read().Folder! with { ConfigContent = System.Text.Encoding.UTF8.GetBytes($"backend: \"fake\" {config}") };
        return AspiredModels.From(folder, [server.Backend.Descriptor]);
    }
}
