using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>How a request runs through the steps of an ensemble.</summary>
public sealed class EnsembleRunTests
{
    private const string Diamond = """
        platform: "ensemble" max_batch_size: 4
        input { name: "IN" data_type: TYPE_FP32 dims: 1 }
        output { name: "LEFT" data_type: TYPE_FP32 dims: 1 } output { name: "RIGHT" data_type: TYPE_FP32 dims: 1 } output { name: "SUM" data_type: TYPE_FP32 dims: 1 }
        ensemble_scheduling {
          step { model_name: "sum" model_version: -1 input_map { key: "A" value: "LEFT" } input_map { key: "B" value: "RIGHT" } output_map { key: "Y" value: "SUM" } }
          step { model_name: "twice" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "LEFT" } }
          step { model_name: "picky" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "RIGHT" } }
        }
        """;

    [Theory]
    [InlineData("", "LEFT=2,4 RIGHT=1,2 SUM=3,6", 1, 1, 1)]
    [InlineData("SUM", "SUM=3,6", 1, 1, 1)]
    [InlineData("LEFT", "LEFT=2,4", 1, 0, 0)]
    [InlineData("RIGHT", "RIGHT=1,2", 0, 1, 0)]
    [InlineData("RIGHT,LEFT", "RIGHT=1,2 LEFT=2,4", 1, 1, 0)]
    public async Task AnyOutputs_AreAnswered_AndOnlyTheirStepsRun(string wanted, string expected, int twice, int picky, int sum)
    {
        await using var fixture = MakeDiamond();
        var outcome = await fixture.InferAsync(Ask(fixture, "e", wanted, 1, 2));
        Assert.Equal(expected, Print(outcome));
        Assert.Equal((twice, picky, sum), (fixture.BackendOf("twice").Executions, fixture.BackendOf("picky").Executions, fixture.BackendOf("sum").Executions));
        Assert.Equal((1, 1, 2), (fixture.Served("e").Statistics.Successes, fixture.Served("e").Statistics.Executions, fixture.Served("e").Statistics.Inferences));
    }

    [Fact]
    public async Task StepThatFails_FailsTheRequestWithItsMessage_AndCancelsTheOtherBranch()
    {
        await using var fixture = MakeDiamond();
        using var gate = new ExecutionGate();
        fixture.BackendOf("twice").Gate = gate;
        var busy = fixture.InferAsync(Ask(fixture, "twice", "", 1));
        await gate.WaitForArrivalAsync();

        // The other branch waits behind the first request, and would wait for ever.
        var outcome = await fixture.InferAsync(Ask(fixture, "e", "", 13));
        Assert.Equal((ErrorCode.InvalidArgument, "in ensemble 'e', [request id: <id_unknown>] the value 13 is refused"), (outcome.Error!.Code, outcome.Error.Message));
        Assert.True(outcome.WasAccepted);
        Assert.Equal(0, fixture.Served("twice").QueuedRequests);
        gate.Open();
        (await busy).Response!.Dispose();
        var statistics = fixture.Served("e").Statistics;
        Assert.Equal((0, 1, 0), (statistics.Successes, statistics.Failures(FailureReason.Other), statistics.Failures(FailureReason.Backend)));
        Assert.Equal(1, fixture.Served("picky").Statistics.Failures(FailureReason.Backend));
        Assert.Equal(1, fixture.Served("twice").Statistics.Failures(FailureReason.Cancelled));
        fixture.BackendOf("twice").Gate = null;
    }

    [Fact]
    public async Task ClientThatGoes_CancelsTheSteps()
    {
        await using var fixture = MakeDiamond();
        using var gate = new ExecutionGate();
        fixture.BackendOf("twice").Gate = gate;
        using var client = new CancellationTokenSource();
        var asked = fixture.InferUntilAsync(Ask(fixture, "e", "LEFT", 1), client.Token);
        await gate.WaitForArrivalAsync();
        await client.CancelAsync();
        var outcome = await asked;
        Assert.Equal(ErrorCode.Cancelled, outcome.Error!.Code);
        Assert.Equal(1, fixture.Served("e").Statistics.Failures(FailureReason.Cancelled));
        gate.Open();
        fixture.BackendOf("twice").Gate = null;
    }

    [Fact]
    public async Task StepsHaveTheIdTheParametersAndTheDeadlineOfTheRequest()
    {
        await using var fixture = MakeDiamond();
        var seen = new System.Collections.Concurrent.ConcurrentBag<string>();
        var work = fixture.BackendOf("twice").Execute;
        fixture.BackendOf("twice").Execute = batch =>
        {
            seen.Add($"{batch.GetRequest(0).Id} {batch.GetRequest(0).Parameters["priority"]} {batch.GetRequest(0).Parameters["sequence_id"]}");
            work(batch);
        };
        var request = Ask(fixture, "e", "LEFT", 1);
        request.Id = "r-7";
        request.Parameters["priority"] = ParameterValue.FromUInt64(2);
        request.Parameters["sequence_id"] = ParameterValue.FromString("s");
        Assert.Equal("LEFT=2", Print(await fixture.InferAsync(request)));
        Assert.Equal(["r-7 2 s"], seen);

        var late = Ask(fixture, "e", "LEFT", 1);
        late.Deadline = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        Assert.Equal(ErrorCode.DeadlineExceeded, (await fixture.InferAsync(late)).Error!.Code);
    }

    [Fact]
    public async Task StepThatIsUnloadedMeanwhile_StillRuns()
    {
        await using var fixture = MakeDiamond();
        using var gate = new ExecutionGate();
        fixture.BackendOf("twice").Gate = gate;
        var asked = fixture.InferAsync(Ask(fixture, "e", "SUM", 3));
        await gate.WaitForArrivalAsync();
        var unloading = fixture.UnloadAsync("sum");
        gate.Open();
        Assert.Equal("SUM=9", Print(await asked));
        await unloading.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
        fixture.BackendOf("twice").Gate = null;

        var missing = await fixture.InferAsync(Ask(fixture, "e", "SUM", 3));
        Assert.Equal("in ensemble 'e', Request for unknown model: 'sum' is not found", missing.Error!.Message);
        Assert.Equal("LEFT=6", Print(await fixture.InferAsync(Ask(fixture, "e", "LEFT", 3))));
    }

    [Fact]
    public async Task AnswerOfAStep_KeepsItsVersionAndItsMemory_WithoutACopy()
    {
        await using var fixture = MakeDiamond();
        var outcome = await fixture.InferAsync(Ask(fixture, "e", "LEFT", 5));
        var unloading = fixture.UnloadAsync("twice");
        Assert.False(unloading.IsCompleted);
        Assert.Equal([10f], TestTensor.Read<float>(outcome.Response!.Outputs[0]));
        outcome.Response.Dispose();
        await unloading.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task MemberWithoutABatchDimension_TakesOneRow_AndIsToldOffWithMore()
    {
        await using var fixture = new EnsembleFixture();
        fixture.Add("flat", Work.Map(static values => values[0] + 1), [EnsembleFixture.Fp32("X", 0, 1)], [EnsembleFixture.Fp32("Y", 0, 1)], maxBatchSize: 0);
        fixture.Add("twice", Work.Map(static values => values[0] * 2));
        fixture.AddEnsemble("e", """
            platform: "ensemble" max_batch_size: 4
            input { name: "IN" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling {
              step { model_name: "flat" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "t" } }
              step { model_name: "twice" input_map { key: "X" value: "t" } output_map { key: "Y" value: "OUT" } }
            }
            """);
        var outcome = await fixture.InferAsync(Ask(fixture, "e", "", 3));
        Assert.Equal(new TensorShape(1, 1), outcome.Response!.Outputs[0].Shape);
        Assert.Equal("OUT=8", Print(outcome));

        var refused = await fixture.InferAsync(Ask(fixture, "e", "", 3, 4));
        Assert.StartsWith("in ensemble 'e', [request id: <id_unknown>] unexpected shape for input 'X' for model 'flat'", refused.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoppingServer_LetsAnAcceptedRequestBeginItsSequence()
    {
        using var gate = new ExecutionGate();
        await using var fixture = new EnsembleFixture();
        fixture.Add("first", Work.Map(static values => values[0] + 1)).Gate = gate;
        fixture.Add("sequenced", Work.Map(static values => values[0] * 2), sequences: new SequenceBatchingConfig());
        fixture.AddEnsemble("e", """
            platform: "ensemble" max_batch_size: 4
            input { name: "IN" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling {
              step { model_name: "first" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "t" } }
              step { model_name: "sequenced" input_map { key: "X" value: "t" } output_map { key: "Y" value: "OUT" } }
            }
            """);
        var request = AskSequence("e");
        var direct = AskSequence("sequenced");
        var asked = fixture.InferAsync(request);
        await gate.WaitForArrivalAsync();
        fixture.Phase.BeginStop();
        gate.Open();
        Assert.Equal("OUT=8", Print(await asked));

        // What has not been accepted before is none of those.
        Assert.Equal(ErrorCode.Unavailable, (await fixture.InferAsync(direct)).Error!.Code);
        Assert.Equal(0, fixture.Served("sequenced").Sequences!.Value.Active);
        fixture.BackendOf("first").Gate = null;

        InferenceRequest AskSequence(string model)
        {
            var made = Ask(fixture, model, "", 3);
            made.Parameters["sequence_id"] = ParameterValue.FromUInt64(7);
            made.Parameters["sequence_start"] = ParameterValue.FromBool(true);
            made.Parameters["sequence_end"] = ParameterValue.FromBool(true);
            return made;
        }
    }

    [Fact]
    public async Task EnsembleInAnEnsemble_SaysWhereAStepFailed()
    {
        await using var fixture = MakeDiamond();
        fixture.AddEnsemble("outer", """
            platform: "ensemble" max_batch_size: 4
            input { name: "IN" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }
            ensemble_scheduling { step { model_name: "e" input_map { key: "IN" value: "IN" } output_map { key: "SUM" value: "OUT" } } }
            """);
        Assert.Equal("OUT=6", Print(await fixture.InferAsync(Ask(fixture, "outer", "", 2))));
        var failed = await fixture.InferAsync(Ask(fixture, "outer", "", 13));
        Assert.StartsWith("in ensemble 'outer', in ensemble 'e', ", failed.Error!.Message, StringComparison.Ordinal);
    }

    internal static InferenceRequest Ask(EnsembleFixture fixture, string model, string wanted, params float[] values)
    {
        var request = fixture.Request(model);
        var input = request.Lease.Model.Config.Inputs[0];
        var shape = request.Lease.Model.Config.IsBatching ? new TensorShape(values.Length, 1) : new TensorShape(values.Length);
        request.AddInput(TestTensor.Of<float>(fixture.Pool, input.Name, TensorDataType.Fp32, shape, values));
        request.RequestedOutputs.AddRange(wanted.Split(',', StringSplitOptions.RemoveEmptyEntries));
        return request;
    }

    internal static string Print(in InferenceOutcome outcome)
    {
        Assert.True(outcome.IsSuccess, outcome.Error?.Message);
        using var response = outcome.Response;
        var parts = new List<string>();
        foreach (ref readonly var output in response.Outputs)
        {
            parts.Add($"{output.Name}={string.Join(',', TestTensor.Read<float>(output))}");
        }

        return string.Join(' ', parts);
    }

    private static EnsembleFixture MakeDiamond()
    {
        var fixture = new EnsembleFixture();
        fixture.Add("twice", Work.Map(static values => values[0] * 2));
        fixture.Add("picky", Work.Refuse(static value => value == 13));
        fixture.Add("sum", Work.Map(static values => values.Sum()), [EnsembleFixture.Fp32("A", 8, 1), EnsembleFixture.Fp32("B", 8, 1)]);
        fixture.AddEnsemble("e", Diamond);
        return fixture;
    }
}
