using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class SequenceCompletionTests
{
    private const string Start = "control_input { name: \"START\" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } }";
    private const string Id = "control_input { name: \"ID\" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_STRING } }";
    private const string State = "state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: [ 2, -1 ] }";
    private const string Io = "input { name: \"X\" data_type: TYPE_FP32 dims: 4 } output { name: \"Y\" data_type: TYPE_FP32 dims: 2 }";

    /// <summary>X [-1,4], START [-1,1], ID [-1,1], S [-1,2,-1] → Y [-1,2], T [-1,2,-1].</summary>
    private static ModelSignature Stateful { get; } = Signature(
        [Fp32("X", -1, 4), new("START", TensorDataType.Int32, new TensorShape(-1, 1)), new("ID", TensorDataType.Bytes, new TensorShape(-1, 1)), Fp32("S", -1, 2, -1)],
        [Fp32("Y", -1, 2), Fp32("T", -1, 2, -1)]);

    [Fact]
    public void TryComplete_TensorsLeftOut_AreTheModelsWithoutControlsAndStates()
    {
        var config = Complete($"sequence_batching {{ {Start} {Id} {State} }}", Stateful);

        Assert.Equal(["X"], config.Inputs.Select(static input => input.Name));
        Assert.Equal(["Y"], config.Outputs.Select(static output => output.Name));
        Assert.Equal(4, config.MaxBatchSize);
        Assert.Null(config.DynamicBatching);
        Assert.Null(config.ToMessage().DynamicBatching);
        Assert.Equal(4, config.SequenceBatching!.SlotsPerInstance);
    }

    [Fact]
    public void TryComplete_StateListedAsOutput_IsShown()
    {
        var config = Complete($"max_batch_size: 4 {Io} output {{ name: \"T\" data_type: TYPE_FP32 dims: [ 2, 8 ] }} sequence_batching {{ {Start} {Id} {State} }}", Stateful);

        Assert.Equal(["Y", "T"], config.Outputs.Select(static output => output.Name));
        Assert.Equal(new TensorShape(2, -1), Assert.Single(config.SequenceBatching!.States).Dims);
    }

    [Fact]
    public void TryDeclare_BackendThatMustBeTold_HearsOfControlsAndStates()
    {
        var declared = Declare($"max_batch_size: 4 {Io} output {{ name: \"T\" data_type: TYPE_FP32 dims: [ 2, 8 ] }} sequence_batching {{ {Start} {Id} {State} }}");

        Assert.Equal(Stateful.Inputs, declared.ModelInputs);
        Assert.Equal([Fp32("Y", -1, 2), Fp32("T", -1, 2, 8)], declared.ModelOutputs);
    }

    [Theory]
    [InlineData("sequence_batching { }", true, 4, 1_000_000)]
    [InlineData("sequence_batching { max_sequence_idle_microseconds: 7 direct { } }", true, 4, 7)]
    [InlineData("sequence_batching { oldest { max_candidate_sequences: 6 } }", false, 6, 1_000_000)]
    public void TryComplete_WhatTheFileLeavesOut_IsShownAsTritonDoes(string text, bool isDirect, int slots, int idle)
    {
        var config = Complete($"max_batch_size: 4 {text}", Batchable);
        var shown = config.ToMessage().SequenceBatching;

        Assert.Equal((isDirect, slots), (config.SequenceBatching!.IsDirect, config.SequenceBatching.SlotsPerInstance));
        Assert.Equal(idle, config.SequenceBatching.MaxIdle.TotalMicroseconds);
        Assert.Equal((ulong)idle, shown.MaxSequenceIdleMicroseconds);
        Assert.Equal(isDirect, shown.Direct is not null);
        Assert.Equal(isDirect ? [] : [4], config.SequenceBatching.PreferredBatchSizes);
        Assert.Equal(isDirect ? [] : [4], shown.Oldest?.PreferredBatchSize ?? []);
    }

    [Theory]
    [InlineData("direct { max_queue_delay_microseconds: 9 minimum_slot_utilization: 0.6 }", 9, 0.6, false)]
    [InlineData("oldest { max_candidate_sequences: 3 max_queue_delay_microseconds: 8 preferred_batch_size: [ 4, 2, 4 ] preserve_ordering: true }", 8, 0, true)]
    public void TryComplete_Strategy_IsAsTheFileHasIt(string text, int delay, double share, bool preservesOrdering)
    {
        var sequences = Complete($"max_batch_size: 4 sequence_batching {{ {text} iterative_sequence: true }}", Batchable).SequenceBatching!;

        Assert.Equal(TimeSpan.FromMicroseconds(delay), sequences.MaxQueueDelay);
        Assert.Equal(share, sequences.MinimumSlotUtilization);
        Assert.Equal(preservesOrdering, sequences.PreservesOrdering);
        Assert.Equal(preservesOrdering ? [2, 4] : [], sequences.PreferredBatchSizes);
        Assert.True(sequences.IsIterative);
    }

    [Fact]
    public void TryComplete_ModelWithoutBatchDimension_HasOneSequenceAnInstance()
    {
        Assert.Equal(1, Complete("max_batch_size: 0 sequence_batching { }", Fixed).SequenceBatching!.SlotsPerInstance);
        var oldest = Complete("max_batch_size: 0 sequence_batching { oldest { max_candidate_sequences: 5 } }", Fixed);
        Assert.Equal(5, oldest.SequenceBatching!.SlotsPerInstance);
        Assert.Equal([1], oldest.SequenceBatching.PreferredBatchSizes);
        Assert.Empty(oldest.ToMessage().SequenceBatching.Oldest.PreferredBatchSize);
    }

    [Theory]
    [InlineData("kind: CONTROL_SEQUENCE_START int32_false_true: [ -5, 7 ]", SequenceControlKind.Start, TensorDataType.Int32, "FBFFFFFF", "07000000")]
    [InlineData("kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0.25, -1 ]", SequenceControlKind.End, TensorDataType.Fp32, "0000803E", "000080BF")]
    [InlineData("kind: CONTROL_SEQUENCE_READY bool_false_true: [ false, true ]", SequenceControlKind.Ready, TensorDataType.Bool, "00", "01")]
    [InlineData("kind: CONTROL_SEQUENCE_READY bool_false_true: [ true, false ]", SequenceControlKind.Ready, TensorDataType.Bool, "01", "00")]
    [InlineData("kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64", SequenceControlKind.CorrelationId, TensorDataType.UInt64, "", "")]
    [InlineData("kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_INT64", SequenceControlKind.CorrelationId, TensorDataType.Int64, "", "")]
    [InlineData("kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT32", SequenceControlKind.CorrelationId, TensorDataType.UInt32, "", "")]
    [InlineData("kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_INT32", SequenceControlKind.CorrelationId, TensorDataType.Int32, "", "")]
    [InlineData("kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_STRING", SequenceControlKind.CorrelationId, TensorDataType.Bytes, "", "")]
    public void TryComplete_Control_HasTheElementsOfItsValues(string control, SequenceControlKind kind, TensorDataType type, string no, string yes)
    {
        var signature = Signature([Fp32("X", -1, 4), new("C", type, new TensorShape(-1, 1))], [Fp32("Y", -1, 2)]);
        var made = Assert.Single(Complete($"sequence_batching {{ control_input {{ name: \"C\" control {{ {control} }} }} }}", signature).SequenceBatching!.Controls);

        Assert.Equal(("C", kind, type), (made.Name, made.Kind, made.DataType));
        Assert.Equal((no, yes), (Convert.ToHexString(made.False.AsSpan()), Convert.ToHexString(made.True.AsSpan())));
    }

    [Theory]
    [InlineData("", "[2,1]", null)]
    [InlineData("initial_state { name: \"i\" data_type: TYPE_FP32 dims: [ 2, 0 ] zero_data: true }", "[2,0]", null)]
    [InlineData("initial_state { name: \"i\" data_type: TYPE_FP32 dims: [ 2, 5 ] data_file: \"first\" }", "[2,5]", "first")]
    public void TryComplete_State_BeginsAsTheFileSays(string initial, string dims, string? file)
    {
        var state = Assert.Single(Complete($"sequence_batching {{ {Start} {Id} {State[..^1]} {initial} }} }}", Stateful).SequenceBatching!.States);

        Assert.Equal(("S", "T", TensorDataType.Fp32, new TensorShape(2, -1)), (state.InputName, state.OutputName, state.DataType, state.Dims));
        Assert.Equal((dims, file), (state.InitialDims.ToString(), state.InitialFile));
    }

    [Fact]
    public void TryComplete_StateOfOneElementARow_NeedsNoDims()
    {
        var signature = Signature([Fp32("X", -1, 4), Fp32("S", -1)], [Fp32("Y", -1, 2), Fp32("T", -1)]);
        var config = Complete("sequence_batching { state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 } }", signature);

        Assert.Equal(TensorShape.Scalar, config.SequenceBatching!.States[0].InitialDims);
    }

    [Theory]
    [InlineData("control_input { name: \"STRAT\" control { int32_false_true: [ 0, 1 ] } }", 1, 37, "the model has no input 'STRAT'", "did you mean 'START'?")]
    [InlineData("control_input { name: \"START\" control { fp32_false_true: [ 0, 1 ] } }", 1, 61, "control input 'START' has data_type TYPE_FP32 here and TYPE_INT32 in the model", "write int32_false_true: [ 0, 1 ]")]
    [InlineData("control_input { name: \"START\" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_INT64 } }", 1, 91, "control input 'START' has data_type TYPE_INT64 here and TYPE_INT32 in the model", "write data_type: TYPE_INT32")]
    [InlineData("control_input { name: \"S\" control { fp32_false_true: [ 0, 1 ] } }", 1, 35, "control input 'S' is one element a row, so [-1,1] or [-1], and has shape [-1,2,-1] in the model", null)]
    [InlineData("state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: [ 3, -1 ] }", 1, 91, "state input 'S' has dims of [3,-1] here", "write dims: [ 2, -1 ]")]
    [InlineData("state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 }", 1, 27, "state input 'S' has dims of [] here", "write dims: [ 2, -1 ]")]
    [InlineData("state { input_name: \"S\" output_name: \"TT\" data_type: TYPE_FP32 dims: [ 2, -1 ] }", 1, 45, "the model has no output 'TT'", "did you mean 'T'?")]
    [InlineData("oldest { max_candidate_sequences: 2 preferred_batch_size: 5 }", 1, 79, "a preferred_batch_size of 5 is more than max_batch_size, which is not given and so is 4", "max_batch_size: 5")]
    public void TryComplete_WhatTheModelContradicts_IsAnError(string text, int line, int column, string words, string? suggestion) =>
        ProblemAssert.Is(CompleteProblems($"sequence_batching {{ {text} }}", Stateful)[0], line, column, words, suggestion);

    [Fact]
    public void TryComplete_StateThatIsNotTheOutputThatItNames_IsAnError() =>
        ProblemAssert.Single(
            CompleteProblems($"max_batch_size: 4 sequence_batching {{ {Start} {Id} state {{ input_name: \"S\" output_name: \"Y\" data_type: TYPE_FP32 dims: [ 2, -1 ] }} }}", Stateful),
            1,
            295,
            "state output 'Y' has dims of [2,-1] here, so with the batch dimension [-1,2,-1], and shape [-1,2] in the model: 3 and 2 dimensions",
            "write dims: [ 2 ]");

    [Fact]
    public void TryComplete_ControlOfAModelThatIsNotToBatch_SaysWhatItExpects() =>
        ProblemAssert.Single(
            CompleteProblems(
                $"{Io.Replace("dims: ", "dims: [ -1, ", StringComparison.Ordinal).Replace(" }", " ] }", StringComparison.Ordinal)} sequence_batching {{ {Start} }}",
                Signature([Fp32("X", -1, 4), new("START", TensorDataType.Int32, new TensorShape(-1, 1))], [Fp32("Y", -1, 2)])),
            1,
            150,
            "control input 'START' is one element in all, so [1] or a scalar, since the model does not batch, and has shape [-1,1] in the model",
            "max_batch_size");

    [Theory]
    [InlineData(4, new long[] { -1, 1 }, true)]
    [InlineData(4, new long[] { -1, -1 }, true)]
    [InlineData(4, new long[] { -1 }, true)]
    [InlineData(4, new long[] { -1, 2 }, false)]
    [InlineData(4, new long[] { -1, 1, 1 }, false)]
    [InlineData(0, new long[] { 1 }, true)]
    [InlineData(0, new long[] { -1 }, true)]
    [InlineData(0, new long[0], true)]
    [InlineData(0, new long[] { 2 }, false)]
    [InlineData(0, new long[] { 1, 1 }, false)]
    public void TryComplete_Control_IsOneElementARow(int maxBatchSize, long[] shape, bool fits)
    {
        var x = maxBatchSize > 0 ? Fp32("X", -1, 4) : Fp32("X", 4);
        var signature = Signature([x, new("START", TensorDataType.Int32, new TensorShape(shape))], [maxBatchSize > 0 ? Fp32("Y", -1, 2) : Fp32("Y", 2)]);
        var declared = Declare($"max_batch_size: {maxBatchSize} {Io} sequence_batching {{ {Start} }}");

        Assert.Equal(fits, ModelConfigCompletion.TryComplete(declared, signature, new(), out _, out var problems));
        Assert.Equal(fits ? 0 : 1, problems.Length);
    }

    [Fact]
    public void TryComplete_FlagOfATypeThatNoValuesHave_SaysWhich() =>
        ProblemAssert.Single(
            CompleteProblems($"sequence_batching {{ {Start} }}", Signature([Fp32("X", -1, 4), new("START", TensorDataType.Int64, new TensorShape(-1, 1))], [Fp32("Y", -1, 2)])),
            1,
            90,
            "TYPE_INT32 here and TYPE_INT64 in the model",
            "the values are TYPE_INT32, TYPE_FP32 or TYPE_BOOL");

    [Fact]
    public void TryComplete_StateThatIsAScalarOfTheModel_HasNoDims()
    {
        var scalar = Signature([Fp32("X", 4), Fp32("S")], [Fp32("Y", 2), Fp32("T")]);
        Assert.Equal(TensorShape.Scalar, Complete("sequence_batching { state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 } }", scalar).SequenceBatching!.States[0].Dims);
        Assert.Contains("dims: [  ]", CompleteProblems("sequence_batching { state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: 1 } }", scalar)[0].Suggestion!, StringComparison.Ordinal);
    }
}
