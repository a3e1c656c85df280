using InferenceServer.Core.Configuration;
using Xunit;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>What is found wrong with an ensemble before it serves: with its place, all at once, and with a suggestion where there is one.</summary>
public sealed class EnsembleLinkTests
{
    private const string Io = """input { name: "IN" data_type: TYPE_FP32 dims: 1 } output { name: "OUT" data_type: TYPE_FP32 dims: 1 }""";

    [Theory]
    [InlineData("""platform: "ensemble" IO""", "must specify 'step' for ensemble 'e'")]
    [InlineData("""backend: "onnx" IO instance_group { count: 2 } STEP1""", "an ensemble must not have backend", "an ensemble must not have instance_group")]
    [InlineData("""platform: "onnxruntime_onnx" IO STEP1""", "platform is 'onnxruntime_onnx', but ensemble_scheduling makes the model an ensemble")]
    [InlineData("""IO optimization { } model_warmup { name: "w" batch_size: 1 inputs { key: "IN" value { data_type: TYPE_FP32 dims: 1 zero_data: true } } } STEP1""", "an ensemble must not have optimization", "an ensemble must not have model_warmup")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "../next" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""", "must be the name of a model, found '../next'")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "next" input_map { key: "X" value: "INN" } output_map { key: "Y" value: "OUT" } } }""", "reads tensor 'INN', which is no input of the ensemble and which no step writes; did you mean 'IN'?")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "next" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUTT" } } }""", "output 'OUT' is written by no step; did you mean 'OUTT'?")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "next" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } step { model_name: "next" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""", "step[1] (model 'next') writes tensor 'OUT', which step[0] (model 'next') writes too")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "sum" input_map { key: "A" value: "IN" } input_map { key: "B" value: "OUT" } output_map { key: "Y" value: "OUT" } } }""", "circular dependency: step[0] (model 'sum')")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "next" input_map { key: "Z" value: "IN" } output_map { key: "W" value: "OUT" } } }""", "model 'next' has no input 'Z'", "gives its model no input 'X' (TYPE_FP32, [-1,1]), which it needs", "model 'next' has no output 'W'")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "words" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""", "tensor 'IN' has data_type TYPE_FP32 from input 'IN' of the ensemble, but input 'X' of step[0] (model 'words') takes TYPE_STRING", "output 'OUT' has data_type TYPE_FP32 here and TYPE_STRING from step[0] (model 'words')")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "wide" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""", "tensor 'IN' has the shape [1] from input 'IN' of the ensemble, but input 'X' of step[0] (model 'wide') takes [-1,3]", "output 'OUT' has the shape [1] here and [-1,3] from step[0] (model 'wide')")]
    [InlineData("""max_batch_size: 9 IO STEP1""", "max_batch_size is 9, but step[0] (model 'next') takes at most 8 rows; write max_batch_size: 8")]
    [InlineData("""IO response_cache { enable: true } ensemble_scheduling { step { model_name: "count" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""", "config.pbtxt:1:103: response_cache is enabled, but step[0] (model 'count') is decoupled: a request has any number of responses, which are not kept; leave out response_cache here, and enable it for the models of steps that can have it")]
    [InlineData("""IO response_cache { enable: true } ensemble_scheduling { step { model_name: "sequenced" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""", "response_cache is enabled, but step[0] (model 'sequenced') has sequence_batching: the answer to a request depends on those before it")]
    [InlineData("""IO response_cache { enable: true } ensemble_scheduling { step { model_name: "over" input_map { key: "IN" value: "IN" } output_map { key: "OUT" value: "OUT" } } }""", "response_cache is enabled, but step[0] (model 'over') leads to a model with sequence_batching")]
    [InlineData("""IO response_cache { enable: true } model_transaction_policy { decoupled: true } STEP1""", "response_cache is enabled, but model_transaction_policy.decoupled is set")]
    [InlineData("""IO STEP1 model_transaction_policy { decoupled: true }""", "the ensemble is said to be decoupled, and none of its steps is")]
    [InlineData("""IO ensemble_scheduling { step { model_name: "count" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "a" } } step { model_name: "count" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "b" } } step { model_name: "sum" input_map { key: "A" value: "a" } input_map { key: "B" value: "b" } output_map { key: "Y" value: "OUT" } } }""", "step[2] (model 'sum') reads tensors of responses of different decoupled steps: 'a' from step[0] (model 'count') and 'b' from step[1] (model 'count')")]
    [InlineData("""IO STEP1 parameters { key: "step[1].when" value { string_value: "IN" } }""", "names a step that is not there: the steps are step[0] to step[0]")]
    [InlineData("""IO STEP1 parameters { key: "step[0].wen" value { string_value: "IN" } }""", "parameter 'step[0].wen' is not understood; did you mean 'when'?")]
    [InlineData("""IO STEP1 parameters { key: "step[0].when" value { string_value: "!NI" } }""", "step[0] (model 'next') is conditional on tensor 'NI', which is no input of the ensemble")]
    [InlineData("""IO STEP1 parameters { key: "step[0].each" value { string_value: "OUT" } }""", "must name tensors that the step reads, found 'OUT'")]
    [InlineData("""IO STEP1 parameters { key: "step[0].parallel" value { string_value: "0" } }""", "parameter 'step[0].parallel' must be a whole number from 1 to 64, found '0'")]
    [InlineData("""IO STEP1 parameters { key: "step[0].max_items" value { string_value: "7" } }""", "parameter 'step[0].max_items' has no effect: the step is not run once an item")]
    public async Task WhatIsWrong_IsTold(string text, params string[] expected)
    {
        await using var fixture = Make();
        text = text.Replace("IO", Io, StringComparison.Ordinal).Replace(
            "STEP1", """ensemble_scheduling { step { model_name: "next" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""", StringComparison.Ordinal);
        var problems = fixture.Link("e", text, out _);
        Assert.All(problems, static problem => Assert.StartsWith("config.pbtxt", problem, StringComparison.Ordinal));
        Assert.All(expected, words => Assert.Contains(problems, problem => problem.Contains(words, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, problems.Length);
    }

    [Fact]
    public async Task Export_HasEveryDefault_AndReadsBackToTheSame()
    {
        await using var fixture = Make();
        var text = $$"""{{Io}} ensemble_scheduling { step { model_name: "count" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""";
        Assert.Empty(fixture.Link("e", text, out var linked));
        var message = linked!.Config.ToMessage();
        Assert.Equal(("ensemble", "", -1L, true, 0), (message.Platform, message.Backend, message.EnsembleScheduling.Step[0].ModelVersion, message.ModelTransactionPolicy.Decoupled, message.InstanceGroup.Count));
        Assert.Empty(fixture.Link("e", ModelConfigTextWriter.Write(message), out var again));
        Assert.Equal(message, again!.Config.ToMessage());
    }

    private static EnsembleFixture Make()
    {
        var fixture = new EnsembleFixture();
        fixture.Add("sequenced", Work.Map(static values => values[0]), sequences: new SequenceBatchingConfig());
        fixture.AddEnsemble("over", $$"""{{Io}} max_batch_size: 4 ensemble_scheduling { step { model_name: "sequenced" input_map { key: "X" value: "IN" } output_map { key: "Y" value: "OUT" } } }""");
        fixture.Add("next", Work.Map(static values => values[0] + 1));
        fixture.Add("sum", Work.Map(static values => values.Sum()), [EnsembleFixture.Fp32("A", 8, 1), EnsembleFixture.Fp32("B", 8, 1)]);
        fixture.Add("wide", Work.Map(static values => values[0]), [EnsembleFixture.Fp32("X", 8, 3)], [EnsembleFixture.Fp32("Y", 8, 3)]);
        fixture.Add("words", static _ => { }, [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Bytes, 8, 1)], [ServedModelFixture.Tensor("Y", Abstractions.Tensors.TensorDataType.Bytes, 8, 1)]);
        fixture.Add("count", Work.CountUp, maxBatchSize: 1, isDecoupled: true);
        return fixture;
    }
}
