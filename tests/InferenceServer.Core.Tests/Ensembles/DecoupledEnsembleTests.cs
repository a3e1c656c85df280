using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>Ensembles with steps that answer any number of times.</summary>
public sealed class DecoupledEnsembleTests
{
    private const string Counted = """
        platform: "ensemble" max_batch_size: 1
        input { name: "N" data_type: TYPE_FP32 dims: 1 }
        output { name: "OUT" data_type: TYPE_FP32 dims: 1 } output { name: "TWICE_N" data_type: TYPE_FP32 dims: 1 }
        ensemble_scheduling {
          LIMIT
          step { model_name: "count" input_map { key: "X" value: "N" } output_map { key: "Y" value: "i" } }
          step { model_name: "twice" input_map { key: "X" value: "N" } output_map { key: "Y" value: "TWICE_N" } }
          step { model_name: "twice" input_map { key: "X" value: "i" } output_map { key: "Y" value: "t" } }
          step { model_name: "sum" input_map { key: "A" value: "t" } input_map { key: "B" value: "TWICE_N" } output_map { key: "Y" value: "OUT" } }
        }
        """;

    [Theory]
    [InlineData("", 200)]
    [InlineData("max_inflight_requests: 1", 50)]
    [InlineData("max_inflight_requests: 3", 50)]
    public async Task EveryResponse_FlowsThroughTheLaterSteps_InOrder(string limit, int count)
    {
        await using var fixture = Make(limit, new SchedulerOptions { MaxUnreadResponses = 4 });
        Assert.True(fixture.Served("e").Config.IsDecoupled);

        // Several at once, which share the bounds of the steps.
        var read = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ReadAsync(fixture, "e", "OUT", count)));
        Assert.All(read, responses => Assert.Equal(Enumerable.Range(0, count).Select(i => $"OUT={2 * i + 2 * count}"), responses));
        Assert.Equal(3, fixture.Served("e").Statistics.Successes);
    }

    [Theory]
    [InlineData("TWICE_N", "TWICE_N=6")]
    [InlineData("TWICE_N,OUT", "TWICE_N=6 OUT=6;TWICE_N=6 OUT=8;TWICE_N=6 OUT=10")]
    public async Task WhatIsWrittenOnce_GoesWithEveryResponse(string wanted, string expected)
    {
        await using var fixture = Make("");
        Assert.Equal(expected, string.Join(';', await ReadAsync(fixture, "e", wanted, 3)));
        Assert.Equal(wanted == "TWICE_N" ? 0 : 1, fixture.BackendOf("count").Executions);
    }

    [Fact]
    public async Task DecoupledStepAfterADecoupledStep_OfTheSameModel_WaitsForNobody()
    {
        await using var fixture = Make("", new SchedulerOptions { MaxUnreadResponses = 2 });
        fixture.AddEnsemble("nested", """
            platform: "ensemble" max_batch_size: 1
            input { name: "N" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling {
              step { model_name: "count" input_map { key: "X" value: "N" } output_map { key: "Y" value: "i" } }
              step { model_name: "count" input_map { key: "X" value: "i" } output_map { key: "Y" value: "j" } }
              step { model_name: "twice" input_map { key: "X" value: "j" } output_map { key: "Y" value: "OUT" } }
            }
            """);
        var expected = Enumerable.Range(0, 12).SelectMany(static i => Enumerable.Range(0, i)).Select(static j => $"OUT={2 * j}");
        Assert.Equal(expected, await ReadAsync(fixture, "nested", "", 12));
    }

    [Fact]
    public async Task StepThatFails_EndsTheStream()
    {
        await using var fixture = Make("");
        fixture.BackendOf("twice").Execute = Work.Refuse(static value => value == 2);
        using var stream = fixture.Engine.StartStream(EnsembleRunTests.Ask(fixture, "e", "OUT", 9), CancellationToken.None);
        var read = await ReadAsync(stream);
        Assert.Equal("in ensemble 'e', [request id: <id_unknown>] the value 2 is refused", read[^1]);
    }

    [Fact]
    public async Task ReaderWhoGoes_EndsTheRun()
    {
        await using var fixture = Make("", new SchedulerOptions { MaxUnreadResponses = 1 });
        using var client = new CancellationTokenSource();
        var stream = fixture.Engine.StartStream(EnsembleRunTests.Ask(fixture, "e", "OUT", 1000), client.Token);
        (await stream.ReadAsync(client.Token))!.Value.Response!.Dispose();
        await client.CancelAsync();
        stream.Dispose();
    }

    [Fact]
    public async Task OneAnswer_CannotBeAskedFor()
    {
        await using var fixture = Make("");
        var outcome = await fixture.InferAsync(EnsembleRunTests.Ask(fixture, "e", "", 1));
        Assert.Equal(ErrorCode.Unsupported, outcome.Error!.Code);
    }

    internal static async Task<List<string>> ReadAsync(EnsembleFixture fixture, string model, string wanted, int count)
    {
        using var stream = fixture.Engine.StartStream(EnsembleRunTests.Ask(fixture, model, wanted, count), CancellationToken.None);
        return await ReadAsync(stream);
    }

    private static async Task<List<string>> ReadAsync(InferenceStream stream)
    {
        var read = new List<string>();
        while (await stream.ReadAsync(CancellationToken.None).AsTask().WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken) is { } outcome)
        {
            read.Add(outcome.IsSuccess ? EnsembleRunTests.Print(outcome) : outcome.Error.Message);
        }

        return read;
    }

    private static EnsembleFixture Make(string limit, SchedulerOptions? options = null)
    {
        var fixture = new EnsembleFixture(options);
        fixture.Add("count", Work.CountUp, maxBatchSize: 1, isDecoupled: true);
        fixture.Add("twice", Work.Map(static values => values[0] * 2), lanes: 2);
        fixture.Add("sum", Work.Map(static values => values.Sum()), [EnsembleFixture.Fp32("A", 8, 1), EnsembleFixture.Fp32("B", 8, 1)]);
        fixture.AddEnsemble("e", Counted.Replace("LIMIT", limit, StringComparison.Ordinal));
        return fixture;
    }
}
