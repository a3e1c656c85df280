using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class BatchTensorRuleTests
{
    private const string Tensors = """
        input { name: "X" data_type: TYPE_FP32 dims: -1 allow_ragged_batch: true }
        output { name: "Y" data_type: TYPE_FP32 dims: -1 }
        """;

    [Theory]
    [InlineData("max_batch_size: 0", 1, 49, "allow_ragged_batch needs a batch dimension, but max_batch_size is 0")]
    [InlineData("", 1, 49, "allow_ragged_batch needs a batch dimension, but max_batch_size is not given")]
    [InlineData("max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT data_type: TYPE_INT32 source_input: \"X\" }", 3, 31, "batch_input[0] has no target_name")]
    [InlineData("max_batch_size: 4 batch_input { kind: BATCH_ELEMENT_COUNT data_type: TYPE_INT32 target_name: \"N\" }", 3, 31, "batch_input[0] must have one source_input, found 0")]
    [InlineData("max_batch_size: 4 batch_input { data_type: TYPE_INT32 target_name: \"N\" source_input: [ \"X\", \"X\" ] }", 3, 72, "batch_input[0] must have one source_input, found 2")]
    [InlineData("max_batch_size: 4 batch_input { data_type: TYPE_INT32 target_name: \"N\" source_input: \"x\" }", 3, 86, "there is no input 'x'; the inputs are X")]
    [InlineData("max_batch_size: 4 batch_input { data_type: TYPE_INT64 target_name: \"N\" source_input: \"X\" }", 3, 33, "batch_input[0] must have data_type TYPE_INT32 or TYPE_FP32, found TYPE_INT64")]
    [InlineData("max_batch_size: 4 batch_input { data_type: TYPE_INT32 target_name: \"X\" source_input: \"X\" }", 3, 68, "'X' is an input already")]
    [InlineData("max_batch_size: 4 batch_output { target_name: \"Z\" source_input: \"X\" }", 3, 47, "there is no output 'Z'; the outputs are Y")]
    [InlineData("max_batch_size: 4 batch_output { target_name: [ \"Y\", \"Y\" ] source_input: \"X\" }", 3, 54, "output 'Y' has a batch_output already")]
    public void TryDeclare_WrongBatchTensor_IsAnError(string text, int line, int column, string words) =>
        ProblemAssert.Single(DeclareProblems($"{Tensors}\n{text}"), line, column, words, null);
}
