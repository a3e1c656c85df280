using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

/// <summary>In every row ^ stands before the place that the problem must name.</summary>
public sealed class SequenceRuleTests
{
    private const string Io = "max_batch_size: 4 input { name: \"X\" data_type: TYPE_FP32 dims: 4 } output { name: \"Y\" data_type: TYPE_FP32 dims: 2 }\n";
    private const string State = "input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: [ 2, -1 ]";

    [Theory]
    [InlineData("direct { ^minimum_slot_utilization: 1.5 }", "minimum_slot_utilization|must be from 0 to 1, found 1.5")]
    [InlineData("direct { ^minimum_slot_utilization: -0.1 }", "must be from 0 to 1, found -0.1")]
    [InlineData("direct { ^minimum_slot_utilization: nan }", "must be from 0 to 1, found NaN")]
    [InlineData("direct { ^max_queue_delay_microseconds: 18446744073709551615 }", "max_queue_delay_microseconds must be at most")]
    [InlineData("^max_sequence_idle_microseconds: 18446744073709551615", "max_sequence_idle_microseconds must be at most")]
    [InlineData("^oldest { }", "max_candidate_sequences must be from 1 to 1000000, found 0", "max_candidate_sequences: 4")]
    [InlineData("oldest { ^max_candidate_sequences: -1 }", "max_candidate_sequences must be from 1 to 1000000, found -1")]
    [InlineData("oldest { ^max_candidate_sequences: 1000001 }", "max_candidate_sequences must be from 1 to 1000000, found 1000001")]
    [InlineData("oldest { max_candidate_sequences: 8 preferred_batch_size: [ 4, ^5 ] }", "a preferred_batch_size of 5 is more than max_batch_size, which is 4")]
    [InlineData("oldest { max_candidate_sequences: 8 preferred_batch_size: ^0 }", "a preferred_batch_size must be 1 or more, found 0")]
    [InlineData("oldest { max_candidate_sequences: 8 ^max_queue_delay_microseconds: 18446744073709551615 }", "max_queue_delay_microseconds must be at most")]
    public void TryDeclare_WrongStrategy_IsAnError(string text, string words, string? suggestion = null) => AssertProblem($"sequence_batching {{ {text} }}", words, suggestion);

    [Theory]
    [InlineData("^allow_ragged_batch: true", "", "allow_ragged_batch is not supported together with sequence_batching")]
    [InlineData("", "batch_input ^{ kind: BATCH_ELEMENT_COUNT data_type: TYPE_INT32 target_name: \"N\" source_input: \"X\" }", "batch_input is not supported together with sequence_batching")]
    [InlineData("", "batch_output ^{ target_name: \"Y\" source_input: \"X\" }", "batch_output is not supported together with sequence_batching")]
    [InlineData("", "parameters ^{ key: \"latency_target_ms\" value { string_value: \"5\" } }", "parameter 'latency_target_ms' decides on batches of independent requests")]
    [InlineData("", "model_transaction_policy { decoupled: true } sequence_batching { oldest { max_candidate_sequences: 2 ^preserve_ordering: true } }", "preserve_ordering cannot hold for a decoupled model")]
    public void TryDeclare_WhatSequencesCannotHave_IsAnError(string input, string rest, string words)
    {
        var sequences = rest.Contains("sequence_batching", StringComparison.Ordinal) ? "" : "sequence_batching { }";
        AssertProblem(
            $"max_batch_size: 4 {sequences} {rest} output {{ name: \"Y\" data_type: TYPE_FP32 dims: 2 }} input {{ name: \"X\" data_type: TYPE_FP32 dims: 4 {input} }}",
            words,
            isWhole: true);
    }

    [Fact]
    public void TryDeclare_PreferredSizesWithoutBatchDimension_AreAnError() =>
        AssertProblem("max_batch_size: 0 sequence_batching { oldest { max_candidate_sequences: 2 ^preferred_batch_size: [ 1, 2 ] } }", "above 1 needs a batch dimension", isWhole: true);

    [Fact]
    public void TryDeclare_EnsembleWithSequences_IsAnError() =>
        Assert.Contains(
            DeclareProblems("platform: \"ensemble\" sequence_batching { }"),
            static problem => problem.Message == "an ensemble must not have sequence_batching");

    [Theory]
    [InlineData("direct { ^max_queue_delay_microseconds: 5 }", "max_queue_delay_microseconds has no effect: minimum_slot_utilization is 0")]
    [InlineData("direct { ^minimum_slot_utilization: 0.5 }", "minimum_slot_utilization has no effect: max_queue_delay_microseconds is 0")]
    [InlineData($"state {{ {State} ^use_same_buffer_for_input_output: true }}", "use_same_buffer_for_input_output has no effect: a state is handed on without a copy where its sequence is executed alone")]
    [InlineData($"state {{ {State} ^use_growable_memory: true }}", "use_growable_memory has no effect: it concerns GPUs")]
    public void TryDeclare_WithoutEffect_IsAWarning(string text, string words)
    {
        var (plain, line, column) = Place($"{Io}sequence_batching {{ {text} }}");
        ProblemAssert.Single(Declare(plain).Warnings, line, column, words, null);
    }

    [Theory]
    [InlineData("control_input ^{ control { int32_false_true: [ 0, 1 ] } }", "sequence_batching.control_input[0] has no name")]
    [InlineData("control_input ^{ name: \"C\" }", "control input 'C' must have one control|found 0", "CONTROL_SEQUENCE_START")]
    [InlineData("control_input { name: \"C\" ^control [ { int32_false_true: [ 0, 1 ] }, { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } ] }", "control input 'C' must have one control|found 2")]
    [InlineData("control_input { name: \"C\" control ^{ kind: CONTROL_SEQUENCE_READY } }", "'C' must specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for CONTROL_SEQUENCE_READY, found none of them", "int32_false_true: [ 0, 1 ]")]
    [InlineData("control_input { name: \"C\" control ^{ fp32_false_true: [ 0, 1 ] bool_false_true: [ false, true ] } }", "must specify either|found fp32_false_true and bool_false_true")]
    [InlineData("control_input { name: \"C\" control { ^int32_false_true: [ 0, 1, 2 ] } }", "int32_false_true of control input 'C' must have two values, for no and for yes, found 3")]
    [InlineData("control_input { name: \"C\" control { ^bool_false_true: true } }", "bool_false_true of control input 'C' must have two values, for no and for yes, found 1")]
    [InlineData("control_input { name: \"C\" control { int32_false_true: [ 0, 1 ] ^data_type: TYPE_INT32 } }", "data_type is for CONTROL_SEQUENCE_CORRID alone, found TYPE_INT32", "leave out data_type")]
    [InlineData("control_input { name: \"C\" control ^{ kind: CONTROL_SEQUENCE_CORRID } }", "control input 'C' tells CONTROL_SEQUENCE_CORRID and must have a data_type|TYPE_STRING, found none", "TYPE_UINT64")]
    [InlineData("control_input { name: \"C\" control { kind: CONTROL_SEQUENCE_CORRID ^data_type: TYPE_INT16 } }", "must have a data_type|found TYPE_INT16")]
    [InlineData("control_input { name: \"C\" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_UINT64 ^fp32_false_true: [ 0, 1 ] } }", "is the id itself and has no fp32_false_true", "leave out fp32_false_true")]
    [InlineData("control_input { name: \"C\" control { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } } control_input { name: \"D\" control { ^kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 1 ] } }", "control input 'D' tells CONTROL_SEQUENCE_END, and so does the control at 2:55")]
    [InlineData("control_input { ^name: \"X\" control { int32_false_true: [ 0, 1 ] } }", "control input 'X' is an input already, at 1:27", "no client sends it")]
    [InlineData("control_input { name: \"C\" control { int32_false_true: [ 0, 1 ] } } control_input { ^name: \"C\" control { kind: CONTROL_SEQUENCE_END int32_false_true: [ 0, 1 ] } }", "control input 'C' is a control input already, at 2:37")]
    public void TryDeclare_WrongControl_IsAnError(string text, string words, string? suggestion = null) => AssertProblem($"sequence_batching {{ {text} }}", words, suggestion);

    [Theory]
    [InlineData("state ^{ output_name: \"T\" data_type: TYPE_FP32 dims: 4 }", "sequence_batching.state[0] has no input_name")]
    [InlineData("state ^{ input_name: \"S\" data_type: TYPE_FP32 dims: 4 }", "state 'S' has no output_name")]
    [InlineData("state ^{ input_name: \"S\" output_name: \"T\" dims: 4 }", "state 'S' has no data_type", "TYPE_FP32")]
    [InlineData("state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: [ 4, ^0 ] }", "dimension 1 in dims of state 'S' must be 1 or more, or -1 for any size, found 0")]
    [InlineData("state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 ^dims: [ 1, 1, 1, 1, 1, 1, 1, 1 ] }", "dims of state 'S' has 8 dimensions; this server takes at most 7 here")]
    [InlineData("state { ^input_name: \"X\" output_name: \"T\" data_type: TYPE_FP32 dims: 4 }", "state input 'X' is an input already, at 1:27", "no client sends it")]
    [InlineData($"state {{ {State} }} state {{ input_name: \"U\" ^output_name: \"T\" data_type: TYPE_FP32 dims: 4 }}", "state output 'T' is a state output already, at 2:45")]
    [InlineData($"state {{ {State} }} state {{ ^input_name: \"S\" output_name: \"U\" data_type: TYPE_FP32 dims: 4 }}", "state input 'S' is a state input already, at 2:29")]
    [InlineData("control_input { name: \"S\" control { int32_false_true: [ 0, 1 ] } } state { ^input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: 4 }", "state input 'S' is a control input already, at 2:37")]
    [InlineData("^state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: [ 65536, 65536 ] }", "the states that a sequence begins with take 17179869184 bytes; this server takes at most 1073741824 here")]
    public void TryDeclare_WrongState_IsAnError(string text, string words, string? suggestion = null) => AssertProblem($"sequence_batching {{ {text} }}", words, suggestion);

    [Theory]
    [InlineData("", "initial_state ^{ data_type: TYPE_FP32 dims: [ 2, 0 ] zero_data: true }", "initial_state of state 'S' has no name")]
    [InlineData("", "initial_state { name: \"i\" ^data_type: TYPE_INT32 dims: [ 2, 0 ] zero_data: true }", "initial_state of state 'S' must have the data_type of the state, TYPE_FP32, found TYPE_INT32", "TYPE_FP32")]
    [InlineData("", "initial_state ^{ name: \"i\" data_type: TYPE_FP32 dims: [ 2, 0 ] }", "has no content: expected zero_data or data_file", "zero_data: true")]
    [InlineData("", "initial_state { name: \"i\" data_type: TYPE_FP32 dims: [ 2, 0 ] ^zero_data: false }", "zero_data of the initial_state of state 'S' is false", "data_file")]
    [InlineData("", "initial_state { name: \"i\" data_type: TYPE_FP32 dims: [ 2, 0 ] ^data_file: \"../secret\" }", "must be the name of a file in the folder initial_state of the model, without any path, found '../secret'")]
    [InlineData("", "initial_state { name: \"i\" data_type: TYPE_FP32 dims: [ 2, 0 ] ^data_file: \"\" }", "without any path, found ''")]
    [InlineData("", "initial_state { name: \"i\" data_type: TYPE_FP32 dims: [ 2, ^-1 ] zero_data: true }", "dimension 1 of the initial_state of state 'S' must be a size, since sequences begin with it, found -1")]
    [InlineData("", "initial_state { name: \"i\" data_type: TYPE_FP32 dims: [ ^3, 1 ] zero_data: true }", "dimension 0 of the initial_state of state 'S' is 3, but that of the state is 2", "write 2")]
    [InlineData("", "initial_state { name: \"i\" data_type: TYPE_FP32 ^dims: 2 zero_data: true }", "must have as many dimensions as those of the state, 2, found 1")]
    [InlineData("^", "initial_state { name: \"i\" data_type: TYPE_FP32 dims: [ 2, 1000000000 ] zero_data: true }", "the states that a sequence begins with take 8000000000 bytes")]
    public void TryDeclare_WrongInitialState_IsAnError(string before, string text, string words, string? suggestion = null) =>
        AssertProblem($"sequence_batching {{ {before}state {{ {State} {text} }} }}", words, suggestion);

    [Fact]
    public void TryDeclare_TwoInitialStates_AreAnError() =>
        AssertProblem(
            $"sequence_batching {{ state {{ {State} initial_state [ {{ name: \"a\" data_type: TYPE_FP32 dims: [ 2, 1 ] zero_data: true }}, ^{{ name: \"b\" data_type: TYPE_FP32 dims: [ 2, 1 ] zero_data: true }} ] }} }}",
            "state 'S' must have at most one initial_state, found 2");

    [Theory]
    [InlineData("^data_type: TYPE_INT32 dims: [ 2, 4 ]", "output 'T' has data_type TYPE_INT32, but is a state with TYPE_FP32")]
    [InlineData("data_type: TYPE_FP32 ^dims: [ 3, 4 ]", "output 'T' has dims of [3,4], but is a state with [2,-1]")]
    [InlineData("data_type: TYPE_FP32 ^dims: [ 2 ]", "output 'T' has dims of [2], but is a state with [2,-1]")]
    [InlineData("data_type: TYPE_FP32 dims: [ 8 ] reshape { ^shape: [ 4, 2 ] }", "output 'T' has a reshape of [4,2], but is a state with [2,-1]")]
    public void TryDeclare_StateShownAsWhatItIsNot_IsAnError(string output, string words) =>
        AssertProblem($"output {{ name: \"T\" {output} }} sequence_batching {{ state {{ {State} }} }}", words);

    [Fact]
    public void TryDeclare_StateWithoutDimsOfABackendThatCannotTell_IsAnError() =>
        AssertProblem("backend: \"identity\" sequence_batching { state ^{ input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 } }", "state 'S' has no dims");

    [Fact]
    public void TryDeclare_SeveralMistakes_AreToldAtOnce() =>
        Assert.Equal(6, DeclareProblems("""
            sequence_batching {
              oldest { }
              control_input { name: "C" control { data_type: TYPE_INT8 } }
              state { input_name: "S" data_type: TYPE_FP32 dims: 0 }
              state { input_name: "S" output_name: "T" data_type: TYPE_FP32 dims: 1 }
            }
            """).Length);

    private static void AssertProblem(string text, string words, string? suggestion = null, bool isWhole = false)
    {
        var (plain, line, column) = Place(isWhole ? text : Io + text);
        ProblemAssert.Single(DeclareProblems(plain), line, column, words, suggestion);
    }

    private static (string Text, int Line, int Column) Place(string marked)
    {
        var at = marked.IndexOf('^', StringComparison.Ordinal);
        var line = marked[..at].Count(static letter => letter == '\n') + 1;
        return (marked.Remove(at, 1), line, at - (marked[..at].LastIndexOf('\n') + 1) + 1);
    }
}
