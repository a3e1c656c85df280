using System.Collections.Concurrent;
using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing.Backends;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>On which processors the threads of instances run.</summary>
public sealed class HostPolicyTests
{
    private static readonly ProcessorSet? s_all = ThreadAffinity.Current();

    [Theory]
    [InlineData("", InstanceKind.Cpu, "cpu")]
    [InlineData("", InstanceKind.Model, "model")]
    [InlineData("", InstanceKind.Gpu, "gpu_3")]
    [InlineData("mine", InstanceKind.Gpu, "mine")]
    public void Name_IsThatOfTheGroupOrOfItsKind(string policy, InstanceKind kind, string expected) =>
        Assert.Equal(expected, HostPolicies.NameOf(new InstanceGroup("g", 1, kind, []) { HostPolicy = policy }, 3));

    [Fact]
    public async Task Instance_RunsOnTheProcessorsOfItsPolicyAndNobodyElseDoes()
    {
        Assert.SkipWhen(s_all is null, "threads are kept to processors on Linux");
        var last = new ProcessorSet([s_all.Ids[^1]]);
        await using var model = new TuningFixture(policies: Policies(("last", last)));
        var seen = new ConcurrentQueue<(string Lane, ProcessorSet? Managed)>();
        model.Backend.Execute = batch =>
        {
            ProcessorSet? child = null;
            var thread = new Thread(() => child = ThreadAffinity.Current());
            thread.Start();
            thread.Join();
            seen.Enqueue((ThreadAffinity.Current()!.ToString(), child));
            FakeBackend.EchoFirst(batch);
        };
        Assert.Null(await model.LoadAsync("max_batch_size: 4 instance_group { host_policy: \"last\" }"));
        (await model.InferAsync()).Response!.Dispose();
        Assert.True(seen.TryDequeue(out var kept));

        // Threads of the pool that a lane happens to make serve everybody, and must not be kept to its processors.
        Assert.Equal((last.ToString(), s_all), kept);
        Assert.Equal(s_all, ThreadAffinity.Current());

        // Another policy is another lane, without a load.
        Assert.Null(await model.LoadAsync("max_batch_size: 4 instance_group { }"));
        Assert.Equal((1, 0), model.Loads);
        (await model.InferAsync()).Response!.Dispose();
        Assert.True(seen.TryDequeue(out var free));
        Assert.Equal(s_all.ToString(), free.Lane);
    }

    [Fact]
    public async Task Backend_IsToldOfTheProcessors()
    {
        var first = new ProcessorSet([0]);
        await using var model = new TuningFixture(policies: Policies(("cpu", first)));
        Assert.Null(await model.LoadAsync("max_batch_size: 4 instance_group [ { }, { kind: KIND_MODEL } ]"));
        Assert.Equal([first, null], model.Served.Scheduler.Lanes.Select(static lane => lane.Placement.Processors));
    }

    private static HostPolicies Policies(params (string Name, ProcessorSet Processors)[] policies) =>
        new() { Processors = policies.ToImmutableDictionary(static one => one.Name, static one => one.Processors) };
}
