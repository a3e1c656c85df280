using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class CompletionTests
{
    private const string X = "input { name: \"X\" data_type: TYPE_FP32 dims: [ 4 ] } ";
    private const string Y = "output { name: \"Y\" data_type: TYPE_FP32 dims: [ 2 ] } ";

    [Fact]
    public void TryComplete_NoFile_FillsEverything()
    {
        var config = Complete("", Batchable);

        Assert.Equal(("m", "onnxruntime", "onnxruntime_onnx", "model.onnx"), (config.Name, config.Backend, config.Platform, config.ModelFilename));
        Assert.Equal(4, config.MaxBatchSize);
        var input = Assert.Single(config.Inputs);
        Assert.Equal(("X", TensorDataType.Fp32), (input.Name, input.DataType));
        Assert.Equal((new TensorShape(4), new TensorShape(-1, 4), new TensorShape(-1, 4)), (input.Dims, input.Shape, input.ModelShape));
        Assert.False(input.HasReshape);
        var group = Assert.Single(config.InstanceGroups);
        Assert.Equal(("m", 1, InstanceKind.Cpu), (group.Name, group.Count, group.Kind));
        Assert.Equal([4], config.DynamicBatching!.PreferredBatchSizes);
        Assert.Equal(TimeSpan.Zero, config.DynamicBatching.MaxQueueDelay);
        Assert.NotNull(config.ToMessage().DynamicBatching);
    }

    [Theory]
    [InlineData("", 4)]
    [InlineData(X, 4)]
    [InlineData(Y, 4)]
    [InlineData(X + Y + "max_batch_size: 3", 3)]
    [InlineData("max_batch_size: 6", 6)]
    [InlineData("max_batch_size: 0", 0)]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: [ -1, 4 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ -1, 2 ] }", 0)]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: [ -1, 4 ] }", 0)]
    public void TryComplete_ModelThatCanBatch_BatchSize(string text, int expected)
    {
        var config = Complete(text, Batchable);

        Assert.Equal(expected, config.MaxBatchSize);
        Assert.Equal(expected > 0, config.IsBatching);
        Assert.Equal(new TensorShape(-1, 4), config.Inputs[0].Shape);
        Assert.Equal(new TensorShape(-1, 2), config.Outputs[0].Shape);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(64, 64)]
    public void TryComplete_DefaultBatchSize_IsTheServersOption(int option, int expected) =>
        Assert.Equal(expected, Complete("", Batchable, new ModelCompletionOptions { DefaultMaxBatchSize = option }).MaxBatchSize);

    [Fact]
    public void TryComplete_ModelThatCannotBatch_IsServedWhole()
    {
        var config = Complete("", Fixed);

        Assert.Equal(0, config.MaxBatchSize);
        Assert.Equal(new TensorShape(1, 4), config.Inputs[0].Shape);
        Assert.Null(config.DynamicBatching);
        Assert.Null(config.ToMessage().DynamicBatching);
    }

    [Theory]
    [InlineData("max_batch_size: 1", false, false)]
    [InlineData("max_batch_size: 1 dynamic_batching { }", true, true)]
    [InlineData("max_batch_size: 2", true, true)]
    [InlineData("max_batch_size: 2 " + X + Y, true, false)]
    [InlineData("max_batch_size: 2 dynamic_batching { } " + X + Y, true, true)]
    public void TryComplete_Batching_IsOnAndShownWhereExpected(string text, bool isOn, bool isShown)
    {
        var config = Complete(text, Batchable);

        Assert.Equal(isOn, config.DynamicBatching is not null);
        Assert.Equal(isShown, config.ToMessage().DynamicBatching is not null);
    }

    [Fact]
    public void TryComplete_BatchingAsWritten_IsKept()
    {
        var batching = Complete("""
            max_batch_size: 8
            dynamic_batching {
              preferred_batch_size: [ 8, 4, 4 ]
              max_queue_delay_microseconds: 1500
              default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 250000 allow_timeout_override: true max_queue_size: 40 }
            }
            """, Batchable).DynamicBatching!;

        Assert.Equal([4, 8], batching.PreferredBatchSizes);
        Assert.Equal(TimeSpan.FromMicroseconds(1500), batching.MaxQueueDelay);
        Assert.Equal(TimeSpan.FromMilliseconds(250), batching.DefaultPolicy!.Timeout);
        Assert.Equal((true, 40), (batching.DefaultPolicy!.AllowTimeoutOverride, batching.DefaultPolicy!.MaxQueueSize));
    }

    [Fact]
    public void TryComplete_ScalarItems_BecomeDimsOfOneWithAReshape()
    {
        var config = Complete("", Signature([Fp32("X", -1)], [Fp32("Y", -1)]));

        var tensor = config.Inputs[0];
        Assert.Equal((new TensorShape(1), new TensorShape(-1, 1), new TensorShape(-1)), (tensor.Dims, tensor.Shape, tensor.ModelShape));
        Assert.True(tensor.HasReshape);
        Assert.Empty(config.ToMessage().Input[0].Reshape.Shape);
        Assert.Equal(new TensorShape(3), tensor.ToModelShape(new TensorShape(3, 1)));
        Assert.Equal(new TensorShape(3, 1), tensor.ToClientShape(new TensorShape(3)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: [ 1, 1 ] }")]
    public void TryComplete_ScalarOfModelThatDoesNotBatch_IsServedAsOnes(string text)
    {
        var config = Complete(text, Signature([Fp32("X")], [Fp32("Y", 2)]));

        Assert.True(config.Inputs[0].HasReshape);
        Assert.Equal(TensorShape.Scalar, config.Inputs[0].ModelShape);
        Assert.Equal(TensorShape.Scalar, config.Inputs[0].ToModelShape(config.Inputs[0].Shape));
        Assert.Null(config.ToMessage().Input[0].Reshape);
    }

    [Theory]
    [InlineData("max_batch_size: 8", "input 'X' has shape [1,4], whose first dimension is fixed at 1; output 'Y' has shape [1,2]")]
    [InlineData("max_batch_size: 8 " + X + Y, "input 'X' has shape [1,4], whose first dimension is fixed at 1")]
    public void TryComplete_BatchSizeForModelThatCannotBatch_NamesTheTensors(string text, string words) =>
        ProblemAssert.Single(CompleteProblems(text, Fixed), 1, 1, "max_batch_size is 8, but the model cannot batch|" + words, "max_batch_size: 0");

    [Fact]
    public void TryComplete_BatchSizeForScalarModel_SaysSo() =>
        ProblemAssert.Single(CompleteProblems("max_batch_size: 8", Signature([Fp32("X")], [Fp32("Y", -1)])), 1, 1, "input 'X' is a scalar, without a first dimension", null);

    [Theory]
    [InlineData("max_batch_size: 2\n input { name: \"Z\" data_type: TYPE_FP32 dims: 4 }" + Y, 2, 10, "no input 'Z'; its inputs are X", "did you mean 'X'?")]
    [InlineData("max_batch_size: 2\n" + X + "output { name: \"y\" data_type: TYPE_FP32 dims: 2 }", 2, 63, "no output 'y'; its outputs are Y", "did you mean 'Y'?")]
    [InlineData("max_batch_size: 2 " + Y + "\ninput { name: \"X\" data_type: TYPE_INT32 dims: 4 }", 2, 19, "input 'X' has data_type TYPE_INT32 here and TYPE_FP32 in the model", "data_type: TYPE_FP32")]
    [InlineData("max_batch_size: 2 " + Y + "\ninput { name: \"X\" data_type: TYPE_FP32 dims: 5 }", 2, 46, "dims of [5] here|[-1,5]|shape [-1,4] in the model|5 and 4 in dimension 1", "write dims: [ 4 ]")]
    [InlineData("max_batch_size: 2 " + Y + "\ninput { name: \"X\" data_type: TYPE_FP32 dims: -1 }", 2, 46, "-1 and 4 in dimension 1", "write dims: [ 4 ]")]
    [InlineData("max_batch_size: 2 " + Y + "\ninput { name: \"X\" data_type: TYPE_FP32 dims: [ -1, 4 ] }", 2, 40, "3 and 2 dimensions", "dims leave out the batch dimension")]
    [InlineData("max_batch_size: 0 " + Y + "\ninput { name: \"X\" data_type: TYPE_FP32 dims: [ -1, 4 ] }", 1, 59, "output 'Y' has dims of [2] here and shape [-1,2] in the model: 1 and 2 dimensions", "write dims: [ -1, 2 ]")]
    [InlineData("max_batch_size: 2 " + Y + "\ninput { name: \"X\" data_type: TYPE_FP32 dims: 4 reshape { shape: [ 2, 2 ] } }", 2, 58, "a reshape of [2,2] here|[-1,4]", null)]
    [InlineData("max_batch_size: 2 " + Y + "\ninput { name: \"X\" data_type: TYPE_FP32 dims: 4 optional: true }", 2, 48, "input 'X' is optional here, but the model needs it", "leave out optional")]
    [InlineData("dynamic_batching { preferred_batch_size: 8 }", 1, 42, "8 is more than max_batch_size, which is not given and so is 4", "max_batch_size: 8")]
    [InlineData("input { name: \"X\" data_type: TYPE_FP32 dims: [ -1, 4 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ -1, 2 ] } dynamic_batching { }", 1, 116, "dynamic_batching needs a batch dimension|not given", "max_batch_size")]
    public void TryComplete_OneContradiction_NamesBothSides(string text, int line, int column, string words, string? suggestion) =>
        ProblemAssert.Single(CompleteProblems(text, Batchable), line, column, words, suggestion);

    [Fact]
    public void TryComplete_SeveralContradictions_AreReportedTogether()
    {
        var problems = CompleteProblems("""
            max_batch_size: 4
            input { name: "A" data_type: TYPE_INT8 dims: [ 3 ] }
            output [ { name: "SUM" data_type: TYPE_FP32 dims: [ 4 ] }, { name: "DIF" data_type: TYPE_FP32 dims: [ 3 ] } ]
            """, Signature([Fp32("A", -1, 3), Fp32("B", -1, 3)], [Fp32("SUM", -1, 3), Fp32("DIFF", -1, 3)]));

        Assert.Equal(4, problems.Length);
        ProblemAssert.Is(problems[0], 2, 1, "needs input 'B' (TYPE_FP32, [-1,3])", "add input { name: \"B\" data_type: TYPE_FP32 dims: [ 3 ] }");
        ProblemAssert.Is(problems[1], 2, 19, "TYPE_INT8 here and TYPE_FP32 in the model");
        ProblemAssert.Is(problems[2], 3, 53, "output 'SUM'|4 and 3 in dimension 1");
        ProblemAssert.Is(problems[3], 3, 62, "no output 'DIF'", "did you mean 'DIFF'?");
    }

    [Fact]
    public void TryComplete_SubsetOfOutputs_IsFine() =>
        Assert.Equal(["DIFF"], Complete(
            "input { name: \"A\" data_type: TYPE_FP32 dims: [ -1, 3 ] } output { name: \"DIFF\" data_type: TYPE_FP32 dims: [ -1, 3 ] }",
            Signature([Fp32("A", -1, 3)], [Fp32("SUM", -1, 3), Fp32("DIFF", -1, 3)])).Outputs.Select(output => output.Name));

    [Fact]
    public void TryComplete_OptionalInputOfTheModel_MayBeLeftOutOrDeclared()
    {
        var signature = Signature([Fp32("X", 2), Fp32("B", 2) with { IsOptional = true }], [Fp32("Y", 2)]);

        Assert.Single(Complete("input { name: \"X\" data_type: TYPE_FP32 dims: 2 }", signature).Inputs);
        Assert.True(Complete("input [ { name: \"X\" data_type: TYPE_FP32 dims: 2 }, { name: \"B\" data_type: TYPE_FP32 dims: 2 optional: true } ]", signature).Inputs[1].IsOptional);
        Assert.Equal("X", Assert.Single(Complete("", signature).Inputs).Name);
    }

    [Fact]
    public void TryComplete_DimsThatNarrow_AreKept()
    {
        var config = Complete("max_batch_size: 2 input { name: \"X\" data_type: TYPE_FP32 dims: [ 3, -1 ] }", Signature([Fp32("X", -1, -1, -1)], [Fp32("Y", -1)]));

        Assert.Equal(new TensorShape(-1, 3, -1), config.Inputs[0].ModelShape);
    }

    [Fact]
    public void TryComplete_CompletionTurnedOff_NamesWhatIsMissing()
    {
        var options = new ModelCompletionOptions { AutoComplete = false };

        var problems = CompleteProblems("backend: \"onnxruntime\"", Batchable, options);
        Assert.Equal(["input", "output"], problems.Select(problem => problem.Message.Split("has no ")[1].Split(',')[0]));
        ProblemAssert.Single(CompleteProblems(X, Batchable, options), 0, 0, "has no output, and auto-completion is turned off", "output [");
        Assert.Equal(3, Complete("max_batch_size: 3 " + X + Y, Batchable, options).MaxBatchSize);
    }

    [Fact]
    public void TryComplete_InstanceGroups_AreMaterialised()
    {
        var config = Complete("instance_group [ { count: 3 }, { name: \"b\" kind: KIND_MODEL } ]", Batchable);

        Assert.Equal([("m_0", 3, InstanceKind.Cpu), ("b", 1, InstanceKind.Model)], config.InstanceGroups.Select(group => (group.Name, group.Count, group.Kind)));
    }

    [Fact]
    public void TryComplete_Identity_ServesWhatIsDeclared()
    {
        var declared = Declare("backend: \"identity\" max_batch_size: 8 input { name: \"I\" data_type: TYPE_STRING dims: -1 } output { name: \"O\" data_type: TYPE_STRING dims: -1 }");

        Assert.True(ModelConfigCompletion.TryComplete(declared, new ModelSignature(declared.ModelInputs, declared.ModelOutputs), new(), out var config, out _));
        Assert.Equal(("", (string?)null, 8), (config.Platform, config.ModelFilename, config.MaxBatchSize));
    }

    [Fact]
    public void TryComplete_Warnings_AreHandedOn() =>
        Assert.Single(Complete("response_cache { enable: true }", Batchable).Warnings);

    [Fact]
    public void ToMessage_ChangedByOneCaller_StaysForTheNext()
    {
        var config = Complete("", Batchable);
        config.ToMessage().Name = "other";

        Assert.Equal("m", config.ToMessage().Name);
    }
}
