using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using Xunit;
using static InferenceServer.Core.Tests.Ensembles.EnsembleRunTests;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>Ensembles whose answers are kept as a whole.</summary>
public sealed class EnsembleCacheTests
{
    private const string Chain = """
        platform: "ensemble" max_batch_size: 4 response_cache { enable: true }
        input { name: "IN" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }
        ensemble_scheduling {
          step { model_name: "twice" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "t" } }
          step { model_name: "next" input_map { key: "X" value: "t" } output_map { key: "Y" value: "OUT" } }
        }
        """;

    [Fact]
    public async Task SecondRequest_IsAnswered_AndNoStepSeesIt()
    {
        await using var fixture = Make();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("OUT=7", Print(await fixture.InferAsync(Ask(fixture, "e", "", 3))));
        }

        Assert.Equal("OUT=9", Print(await fixture.InferAsync(Ask(fixture, "e", "", 4))));
        var statistics = fixture.Served("e").Statistics;
        Assert.Equal((4L, 2L, 2L, 2L, 2L), (statistics.Successes, statistics.CacheHits.Count, statistics.CacheMisses.Count, statistics.Executions, statistics.Inferences));
        Assert.Equal((2L, 2L), (fixture.Served("twice").Statistics.Successes, fixture.Served("next").Statistics.Successes));
    }

    [Theory]
    [InlineData("twice", "OUT=31")]
    [InlineData("next", "OUT=60")]
    public async Task ReloadOfAnyStepsModel_IsFollowedAtOnce_AlsoThroughANestedEnsemble(string model, string expected)
    {
        await using var fixture = Make();
        fixture.AddEnsemble("outer", Outer);
        Assert.Equal("OUT=7", Print(await fixture.InferAsync(Ask(fixture, "outer", "", 3))));
        Assert.Equal("OUT=7", Print(await fixture.InferAsync(Ask(fixture, "outer", "", 3))));
        await fixture.Replace(model, Work.Map(static values => values[0] * 10));
        Assert.Equal(expected, Print(await fixture.InferAsync(Ask(fixture, "outer", "", 3))));
        Assert.Equal(expected, Print(await fixture.InferAsync(Ask(fixture, "e", "", 3))));
        Assert.Equal(expected, Print(await fixture.InferAsync(Ask(fixture, "outer", "", 3))));
        Assert.Equal((2L, 2L), (fixture.Served("outer").Statistics.CacheHits.Count, fixture.Served("outer").Statistics.CacheMisses.Count));

        // What the outer one has had answered, the inner one keeps too.
        Assert.Equal((1L, 2L), (fixture.Served("e").Statistics.CacheHits.Count, fixture.Served("e").Statistics.CacheMisses.Count));
    }

    [Fact]
    public async Task RequestThatRunsWhileAStepsModelIsReplaced_RunsOnWhatItsKeySays_AndNobodyAfterItWaitsForIt()
    {
        using var gate = new ExecutionGate();
        await using var fixture = Make();
        fixture.AddEnsemble("outer", Outer);
        fixture.BackendOf("twice").Gate = gate;
        var early = fixture.InferAsync(Ask(fixture, "outer", "", 3));
        await gate.WaitForArrivalAsync();
        var replaced = fixture.Replace("next", Work.Map(static values => values[0] * 10));
        var late = fixture.InferAsync(Ask(fixture, "outer", "", 3));
        Assert.Equal(0, fixture.Served("outer").Cache!.WaitingRequests);
        gate.Open();

        // Its second step began after the replacement, on the version that was there when it came.
        Assert.Equal("OUT=7", Print(await early));
        Assert.Equal("OUT=60", Print(await late));
        await replaced;
        Assert.Equal("OUT=60", Print(await fixture.InferAsync(Ask(fixture, "outer", "", 3))));
        Assert.Equal(1, fixture.Served("outer").Statistics.CacheHits.Count);
        fixture.BackendOf("twice").Gate = null;
    }

    [Fact]
    public async Task OutputThatIsNotThere_StaysLeftOut_AndAnErrorWhereItIsNamed()
    {
        await using var fixture = Make();
        fixture.Add("big", Work.Map(static values => values[0] > 50 ? 1 : 0));
        fixture.AddEnsemble("some", """
            platform: "ensemble" max_batch_size: 4 response_cache { enable: true }
            input { name: "IN" data_type: TYPE_FP32 dims: 1 }
            output { name: "EXTRA" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling {
              step { model_name: "big" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "is_big" } }
              step { model_name: "twice" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "EXTRA" } }
              step { model_name: "next" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } }
            }
            parameters { key: "step[1].when" value { string_value: "is_big" } }
            """);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("OUT=4", Print(await fixture.InferAsync(Ask(fixture, "some", "", 3))));
            Assert.Equal("EXTRA=120 OUT=61", Print(await fixture.InferAsync(Ask(fixture, "some", "", 60))));
            Assert.Equal(ErrorCode.InvalidArgument, (await fixture.InferAsync(Ask(fixture, "some", "OUT,EXTRA", 3))).Error!.Code);
            Assert.Equal("OUT=61 EXTRA=120", Print(await fixture.InferAsync(Ask(fixture, "some", "OUT,EXTRA", 60))));
        }

        Assert.Equal((3L, 3L), (fixture.Served("some").Statistics.CacheHits.Count, fixture.Served("some").Statistics.CacheMisses.Count));
    }

    [Fact]
    public async Task StepThatFails_FailsAllThatWait_EachWithItsOwnId()
    {
        using var gate = new ExecutionGate();
        await using var fixture = Make();
        var picky = fixture.Add("picky", Work.Refuse(static value => value == 13));
        picky.Gate = gate;
        fixture.AddEnsemble("e2", Chain.Replace("\"twice\"", "\"picky\"", StringComparison.Ordinal));
        var asked = new List<Task<InferenceOutcome>> { AskAs("a") };
        await gate.WaitForArrivalAsync();
        asked.AddRange([AskAs("b"), AskAs("c")]);
        Assert.Equal(2, fixture.Served("e2").Cache!.WaitingRequests);
        gate.Open();
        Assert.Equal(
            ["in ensemble 'e2', [request id: a] the value 13 is refused", "in ensemble 'e2', [request id: b] the value 13 is refused", "in ensemble 'e2', [request id: c] the value 13 is refused"],
            (await Task.WhenAll(asked)).Select(static outcome => outcome.Error!.Message));
        Assert.Equal((1, 3L), (picky.Executions, fixture.Served("e2").Statistics.Failures(FailureReason.Other)));
        picky.Gate = null;

        Task<InferenceOutcome> AskAs(string id)
        {
            var request = Ask(fixture, "e2", "", 13);
            request.Id = id;
            return fixture.InferAsync(request);
        }
    }

    [Fact]
    public async Task ManyWhoseStepIsRefusedOneAfterTheOther_AreNoDeepStack()
    {
        // Held whatever becomes of its requests, unlike an execution at a gate.
        using var arrived = new SemaphoreSlim(0);
        using var hold = new ManualResetEventSlim();
        await using var fixture = new EnsembleFixture(new SchedulerOptions { MaxQueueSize = 20_000 }, new LocalResponseCache(1 << 20));
        var answer = Work.Map(static values => values[0]);
        fixture.Add(
            "busy",
            batch =>
            {
                arrived.Release();
                hold.Wait(TestTimeouts.Phase, CancellationToken.None);
                answer(batch);
            },
            options: new SchedulerOptions { MaxQueueSize = 1 });
        fixture.AddEnsemble("e", """
            platform: "ensemble" max_batch_size: 4 response_cache { enable: true }
            input { name: "IN" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling { step { model_name: "busy" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }
            """);
        using var client = new CancellationTokenSource();
        var leader = fixture.InferUntilAsync(Ask(fixture, "e", "", 3), client.Token);
        Assert.True(await arrived.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken));
        var queued = fixture.InferAsync(Ask(fixture, "busy", "", 4));
        var waiting = Enumerable.Range(0, 15_000).Select(_ => fixture.InferAsync(Ask(fixture, "e", "", 3))).ToArray();
        await Waiting.UntilAsync(() => fixture.Served("e").Cache!.WaitingRequests == waiting.Length);

        // The first one goes, and the queue of the step has no room: each of the others is refused as it begins.
        await client.CancelAsync();
        Assert.Equal(ErrorCode.Cancelled, (await leader).Error!.Code);
        Assert.All(await Task.WhenAll(waiting), static outcome => Assert.Equal(ErrorCode.Unavailable, outcome.Error!.Code));
        Assert.Equal((0, 0), (fixture.Served("e").Cache!.WaitingRequests, fixture.Served("e").Cache!.Flights));
        hold.Set();
        (await queued).Response!.Dispose();
    }

    private const string Outer = """
        platform: "ensemble" max_batch_size: 4 response_cache { enable: true }
        input { name: "IN" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }
        ensemble_scheduling { step { model_name: "e" input_map { key: "IN" value: "IN" } output_map { key: "OUT" value: "OUT" } } }
        """;

    private static EnsembleFixture Make()
    {
        var fixture = new EnsembleFixture(cache: new LocalResponseCache(1 << 20));
        fixture.Add("twice", Work.Map(static values => values[0] * 2));
        fixture.Add("next", Work.Map(static values => values[0] + 1));
        fixture.AddEnsemble("e", Chain);
        return fixture;
    }
}
