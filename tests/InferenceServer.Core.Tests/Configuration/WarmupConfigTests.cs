using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class WarmupConfigTests
{
    private const string Io = "max_batch_size: 4 input { name: \"X\" data_type: TYPE_FP32 dims: [ 4 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ 2 ] }\n";

    [Theory]
    [InlineData("batch_size: 1 inputs { key: \"Z\" value { data_type: TYPE_FP32 dims: 4 zero_data: true } } inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 4 zero_data: true } }", 58, "has no input 'Z', which input 'Z' of warm-up sample 'w' is for; its inputs are X", null)]
    [InlineData("batch_size: 1", 14, "warm-up sample 'w' does not give input 'X'", "zero_data: true")]
    [InlineData("batch_size: 5 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 4 zero_data: true } }", 26, "batch_size 5 of warm-up sample 'w' is more than max_batch_size, which is 4", null)]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { dims: 4 zero_data: true } }", 58, "input 'X' of warm-up sample 'w' has no data_type", "TYPE_FP32")]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_INT32 dims: 4 zero_data: true } }", 66, "has data_type TYPE_INT32, but the model's input has TYPE_FP32", "TYPE_FP32")]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 4 } }", 58, "has no content", "zero_data: true")]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 4 zero_data: false } }", 95, "zero_data of input 'X' of warm-up sample 'w' is false", "random_data")]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 4 random_data: false } }", 95, "random_data of input 'X' of warm-up sample 'w' is false", "random_data")]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 4 input_data_file: \"../1/model.onnx\" } }", 95, "without any path, found '../1/model.onnx'", null)]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 4 input_data_file: \"\" } }", 95, "without any path, found ''", null)]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 4 input_data_file: \"..\" } }", 95, "without any path, found '..'", null)]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: -1 zero_data: true } }", 93, "dimension 0 of input 'X' of warm-up sample 'w' must be a size|found -1", null)]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: [ 1, 4 ] zero_data: true } }", 87, "has dims [1,4], but the model's input has [4]", "without the batch dimension")]
    [InlineData("batch_size: 1 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: 3 zero_data: true } }", 87, "has dims [3], but the model's input has [4]", "without the batch dimension")]
    public void TryDeclare_OneMistake_IsReportedOnceWithItsPlace(string sample, int column, string words, string? suggestion)
    {
        var problem = Assert.Single(DeclareProblems(Io + $"model_warmup {{ name: \"w\" {sample} }}"));

        Assert.Equal(2, problem.Line);
        Assert.All(words.Split('|'), part => Assert.Contains(part, problem.Message, StringComparison.Ordinal));
        Assert.Contains(suggestion ?? "", problem.Suggestion ?? "", StringComparison.Ordinal);
        Assert.Equal(column, problem.Column);
    }

    [Fact]
    public void TryDeclare_SampleLargerThanMemoryAllows_IsRefused()
    {
        var problems = DeclareProblems("max_batch_size: 4 model_warmup { batch_size: 4 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: [ 1000000000, 1000000000 ] zero_data: true } } }");

        ProblemAssert.Single(problems, 1, 32, "the inputs of model_warmup[0] take|this server takes at most 2147483647 here", null);
    }

    [Fact]
    public void TryDeclare_SampleWithoutBatchSize_IsAWarning() =>
        ProblemAssert.Single(Declare("model_warmup { name: \"w\" }").Warnings, 1, 14, "warm-up sample 'w' has no batch_size and so runs nothing", "batch_size: 1");

    [Fact]
    public void TryComplete_WhatTheFileLeavesOut_IsHeldAgainstTheModel()
    {
        var problems = CompleteProblems("model_warmup { name: \"w\" batch_size: 5\ninputs { key: \"x\" value { data_type: TYPE_FP32 dims: 4 zero_data: true } } }", Batchable);

        Assert.Equal(3, problems.Length);
        Assert.Contains("batch_size 5 of warm-up sample 'w' is more than max_batch_size, which is 4", problems[1].Message, StringComparison.Ordinal);
        Assert.Contains("does not give input 'X'", problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("has no input 'x'", problems[2].Message, StringComparison.Ordinal);
        Assert.Equal("did you mean 'X'?", problems[2].Suggestion);
    }

    [Fact]
    public void TryComplete_ModelThatDoesNotBatch_TakesOneRequestAtATime() =>
        ProblemAssert.Single(
            CompleteProblems("model_warmup { name: \"w\" batch_size: 2 inputs { key: \"X\" value { data_type: TYPE_FP32 dims: [ 1, 4 ] zero_data: true } } }", Fixed),
            1, 26, "must be 1, since the model does not batch, found 2", null);

    [Fact]
    public void TryComplete_GoodSamples_AreInTheConfigurationInOrder()
    {
        var config = Complete(
            """
            max_batch_size: 4
            model_warmup { name: "b" batch_size: 2 count: 7 inputs { key: "X" value { data_type: TYPE_FP32 dims: 4 random_data: true } } }
            model_warmup { name: "none" inputs { key: "X" value { data_type: TYPE_FP32 dims: 4 random_data: true } } }
            model_warmup { batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: 4 input_data_file: "x.bin" } } }
            """,
            Batchable);

        Assert.Equal([("b", 2, 7L), ("model_warmup[2]", 1, 1L)], config.Warmup.Select(static sample => (sample.Name, sample.Requests, sample.Count)));
        Assert.Equal([new WarmupInput("X", TensorDataType.Fp32, new TensorShape(4), WarmupContent.Random, "")], config.Warmup[0].Inputs);
        Assert.Equal([new WarmupInput("X", TensorDataType.Fp32, new TensorShape(4), WarmupContent.File, "x.bin")], config.Warmup[1].Inputs);
    }

    [Fact]
    public void TryComplete_SampleThatTellsOfTheSequence_RunsWithoutThatAndIsWarnedOf()
    {
        const string text = """
            max_batch_size: 4
            model_warmup { name: "w" batch_size: 1 inputs { key: "X" value { data_type: TYPE_FP32 dims: 4 zero_data: true } }
            inputs { key: "START" value { data_type: TYPE_INT32 dims: 1 zero_data: true } }
            inputs { key: "S" value { data_type: TYPE_FP32 dims: 2 random_data: true } } }
            sequence_batching { control_input { name: "START" control { int32_false_true: [ 0, 1 ] } } state { input_name: "S" output_name: "T" data_type: TYPE_FP32 dims: 2 } }
            """;
        var config = Complete(text, Signature([Fp32("X", -1, 4), new("START", TensorDataType.Int32, new TensorShape(-1, 1)), Fp32("S", -1, 2)], [Fp32("Y", -1, 2), Fp32("T", -1, 2)]));

        Assert.Equal(["X"], Assert.Single(config.Warmup).Inputs.Select(static input => input.Name));
        ProblemAssert.Is(config.Warnings[0], 3, 8, "model_warmup[0].inputs[\"START\"] has no effect|the first request of a sequence, for which the server makes control input 'START'", "leave it out");
        ProblemAssert.Is(config.Warnings[1], 4, 8, "model_warmup[0].inputs[\"S\"] has no effect|state input 'S'");
    }

    [Fact]
    public void TryDeclare_SampleThatTellsOfTheSequenceWrongly_IsRefused()
    {
        const string text = """
            model_warmup { name: "w" batch_size: 1 inputs { key: "START" value { data_type: TYPE_FP32 dims: 1 zero_data: true } } }
            sequence_batching { control_input { name: "START" control { int32_false_true: [ 0, 1 ] } } }
            """;
        ProblemAssert.Single(DeclareProblems(text), 1, 70, "input 'START' of warm-up sample 'w' has data_type TYPE_FP32, but the model's input has TYPE_INT32", "TYPE_INT32");
    }
}
