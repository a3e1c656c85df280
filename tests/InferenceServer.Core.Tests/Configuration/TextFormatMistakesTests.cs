using Xunit;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class TextFormatMistakesTests
{
    [Theory]
    [InlineData("max_batchsize: 8", 1, 1, "unknown field 'max_batchsize' in ModelConfig", "did you mean 'max_batch_size'?")]
    [InlineData("maxBatchSize: 8", 1, 1, "unknown field 'maxBatchSize'", "did you mean 'max_batch_size'?")]
    [InlineData("\n\n  frobnicate { a: 1 b { c: 2 } }", 3, 3, "unknown field 'frobnicate' in ModelConfig", null)]
    [InlineData("input { nam: \"X\" }", 1, 9, "unknown field 'nam' in ModelInput", "did you mean 'name'?")]
    [InlineData("response_cache { on: true }", 1, 18, "unknown field 'on' in ModelResponseCache", "its fields are enable")]
    [InlineData("max_batch_size: \"8\"", 1, 17, "'max_batch_size' in ModelConfig|an integer|the string \"8\"", "max_batch_size: 8")]
    [InlineData("max_batch_size: eight", 1, 17, "an integer from -2147483648 to 2147483647|'eight'", "write for example max_batch_size: 8")]
    [InlineData("max_batch_size: 3000000000", 1, 17, "to 2147483647|the number 3000000000", null)]
    [InlineData("max_batch_size: 1.5", 1, 17, "an integer|1.5", null)]
    [InlineData("max_batch_size: 089", 1, 17, "an integer|089", null)]
    [InlineData("max_batch_size: 99999999999999999999999", 1, 17, "an integer|99999999999999999999999", null)]
    [InlineData("dynamic_batching { max_queue_delay_microseconds: -5 }", 1, 50, "from 0 to 18446744073709551615|-5", null)]
    [InlineData("name: resnet", 1, 7, "'name' in ModelConfig|a string|'resnet'", "put it in quotes: name: \"resnet\"")]
    [InlineData("input { data_type: TYPE_FLOAT32 }", 1, 20, "a value of DataType|'TYPE_FLOAT32'", "did you mean 'TYPE_FP32'?")]
    [InlineData("input { data_type: FP32 }", 1, 20, "a value of DataType", "did you mean 'TYPE_FP32'?")]
    [InlineData("input { data_type: BYTES }", 1, 20, "a value of DataType", "did you mean 'TYPE_STRING'?")]
    [InlineData("input { data_type: \"TYPE_FP32\" }", 1, 20, "the string \"TYPE_FP32\"", "leave out the quotes: data_type: TYPE_FP32")]
    [InlineData("input { data_type: 99 }", 1, 20, "a value of DataType|99", "TYPE_BF16")]
    [InlineData("instance_group { kind: KIND_CPUS }", 1, 24, "a value of Kind", "did you mean 'KIND_CPU'?")]
    [InlineData("response_cache { enable: yes }", 1, 26, "true or false|'yes'", "enable: true")]
    [InlineData("response_cache: true", 1, 17, "'response_cache' in ModelConfig|a block of ModelResponseCache|'true'", "write response_cache { ... }")]
    [InlineData("max_batch_size 8", 1, 16, "expected ':'|'max_batch_size'", "write max_batch_size: 8")]
    [InlineData("max_batch_size:\nname: \"m\"", 1, 1, "'max_batch_size' in ModelConfig has no value", "max_batch_size: 8")]
    [InlineData("name: \"m\"\nplatform\n", 2, 1, "'platform' in ModelConfig has no value", "platform: \"text\"")]
    [InlineData("name: \"a\"\nmax_batch_size: 1\nmax_batch_size: 2", 3, 1, "'max_batch_size' in ModelConfig is given twice|2:1", "keep one")]
    [InlineData("dynamic_batching { }\nsequence_batching { }", 2, 1, "'sequence_batching' and 'dynamic_batching' exclude each other|1:1", "keep one")]
    [InlineData("parameters { key: \"a\" value { string_value: \"1\" } }\nparameters { key: \"a\" value { string_value: \"2\" } }", 2, 12, "the key \"a\" of 'parameters' is given twice|1:12", null)]
    [InlineData("dynamic_batching {\n  preferred_batch_size: [ 4 ]\n", 3, 1, "'dynamic_batching' opened at 1:18 is not closed|the end of the file", "add '}'")]
    [InlineData("dynamic_batching {\n  preferred_batch_size: [ 4 ]\ninstance_group { count: 1 }\nname: \"m\"", 3, 1, "unknown field 'instance_group' in ModelDynamicBatching; it is a field of ModelConfig", "'dynamic_batching' opened at 1:18 missing?")]
    [InlineData("input [ { name: \"X\" dims: [ 1, 2 } ]", 1, 34, "the list of 'dims' in ModelInput opened at 1:27 is not closed|'}'", "add ']'")]
    [InlineData("input [ { name: \"X\" ]\nmax_batch_size: 1", 1, 21, "'input' opened at 1:9 is not closed|']'", "add '}'")]
    [InlineData("input { name: \"X\" >", 1, 19, "'input' opened at 1:7 must be closed with '}'|'>'", null)]
    [InlineData("name: \"m\" }", 1, 11, "'}' closes nothing", null)]
    [InlineData("input { dims: [ 1 2 ] }", 1, 19, "expected ',' or ']' in the list of 'dims'|the number 2", null)]
    [InlineData("input { dims: [ 1, ] }", 1, 20, "a value is missing before ']'", null)]
    [InlineData("input { dims: 3, 4 }", 1, 18, "expected the name of a field of ModelInput, found the number 4", "dims: [ 1, 2 ]")]
    [InlineData("max_batch_size: [ 8 ]", 1, 17, "'max_batch_size' in ModelConfig takes one value, not a list", "leave out the brackets")]
    [InlineData("max_batch_size: { a: 8 }", 1, 17, "an integer|'{'", "max_batch_size: 8")]
    [InlineData("name: \"m\nplatform: \"p\"", 1, 7, "not closed before the end of the line", "add \"")]
    [InlineData("name: \"a\\qb\"", 1, 9, "the escape that begins here, in 'name' in ModelConfig", "\\\\")]
    [InlineData("name: \"\\xff\"", 1, 7, "do not give valid UTF-8", null)]
    [InlineData("name: \"m\" @ platform: \"p\"", 1, 11, "the character '@' has no meaning here", null)]
    [InlineData("// a comment\nname: \"m\"", 1, 1, "the character '/' has no meaning here", "comments begin with #")]
    [InlineData("[extension]: 1\nname: \"m\"", 1, 1, "expected the name of a field of ModelConfig, found '['", null)]
    public void Read_OneMistake_IsReportedOnceWithItsPlace(string text, int line, int column, string words, string? suggestion) =>
        ProblemAssert.Single(ConfigFixture.Text(text).Problems, line, column, words, suggestion);

    [Fact]
    public void Read_FourMistakes_AreReportedTogether()
    {
        var problems = ConfigFixture.Text("""
            name: "digits"
            max_batchsize: 8
            input [
              { name: "X" data_type: FP32 dims: [ 4 ] },
              { name: "Z" data_type: TYPE_FP32 dims: [ "4" ] }
            ]
            output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }
            dynamic_batching { preferred_batch_size: 4.5 }
            """).Problems;

        Assert.Equal(4, problems.Length);
        ProblemAssert.Is(problems[0], 2, 1, "unknown field 'max_batchsize' in ModelConfig", "did you mean 'max_batch_size'?");
        ProblemAssert.Is(problems[1], 4, 26, "'data_type' in ModelInput|'FP32'", "TYPE_FP32");
        ProblemAssert.Is(problems[2], 5, 44, "'dims' in ModelInput|\"4\"", "leave out the quotes");
        ProblemAssert.Is(problems[3], 8, 42, "'preferred_batch_size' in ModelDynamicBatching|4.5");
    }

    [Fact]
    public void Read_AfterMistakes_KeepsTheRest()
    {
        var message = ConfigFixture.Text("nme: \"x\"\nmax_batch_size: oops\nbackend: \"onnxruntime\"\ninput { name: \"X\" dims: [ 1, x, 3 ] }").Message;

        Assert.Equal("onnxruntime", message.Backend);
        Assert.Equal([1, 3], message.Input[0].Dims);
    }

    [Fact]
    public void Problem_AsText_IsOneClickableLine()
    {
        var problem = Assert.Single(ConfigFixture.Text("backend: \"onnxruntime\"\n\nmax_batchsize: 8").Problems);

        Assert.Equal("config.pbtxt:3:1: unknown field 'max_batchsize' in ModelConfig; did you mean 'max_batch_size'?", problem.ToString());
    }

    [Fact]
    public void Read_ManyMistakes_ListIsBounded()
    {
        var problems = ConfigFixture.Text(string.Concat(Enumerable.Repeat("oops: 1\n", 1000))).Problems;

        Assert.Equal(51, problems.Length);
        Assert.Equal("config.pbtxt: 950 more problems are not shown", problems[^1].ToString());
    }

    [Fact]
    public void Read_InvalidUtf8_NamesThePlace()
    {
        byte[] bytes = [.. "name: \"é\"\n# "u8, 0xC3, 0x28];

        ProblemAssert.Single(Core.Configuration.ModelConfigDocument.ReadText("c", bytes).Problems, 2, 3, "not valid UTF-8", "save the file as UTF-8");
        ProblemAssert.Single(Core.Configuration.ModelConfigDocument.ReadJson("c", bytes).Problems, 2, 3, "not valid UTF-8", "save the file as UTF-8");
    }

    [Fact]
    public void Read_TooManyBytes_IsRefusedUnread() =>
        ProblemAssert.Single(ConfigFixture.Text(new string('#', (1024 * 1024) + 1)).Problems, 0, 0, "1048577 bytes|at most 1048576", null);

    [Fact]
    public void Read_NestedTooDeep_IsReported()
    {
        var text = $"unknown {string.Concat(Enumerable.Repeat("{ a ", 100_000))}";

        Assert.Contains(ConfigFixture.Text(text).Problems, problem => problem.Message.Contains("more than 64 deep", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_HugeMap_TakesTimeInProportion()
    {
        // Comparing each entry with each other one would take minutes.
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"metric_tags{{key:\"{i}\"}}"));

        Assert.Equal(40_000, ConfigFixture.Text(text).Message.MetricTags.Count);
    }
}
