using InferenceServer.Core.Configuration;
using Xunit;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class TextFormatReaderTests
{
    [Theory]
    [InlineData("input { name: \"A\" dims: 1 dims: 2 }")]
    [InlineData("input: { name: 'A', dims: [1, 2]; }")]
    [InlineData("input < name: \"A\" dims: [ 0x1, 02 ] >")]
    [InlineData("input [ { name: \"A\" dims: [ 1, 2 ] } ]")]
    [InlineData("input: [ < name: \"A\" dims: 1 dims: [ 2 ] > ];")]
    [InlineData("# first\ninput\n{ # second\nname\n:\n\"A\" dims:[1,2]}#third")]
    [InlineData("\uFEFFinput { name: \"A\" dims: [ 1, 2 ] }")]
    [InlineData("input {\r\n\tname: \"A\"\r\n\tdims: [ 1, 2 ]\r\n}\r\n")]
    public void Read_EveryWayToWriteIt_GivesTheSame(string text)
    {
        var document = ConfigFixture.Text(text);

        Assert.Empty(document.Problems);
        var input = Assert.Single(document.Message.Input);
        Assert.Equal("A", input.Name);
        Assert.Equal([1, 2], input.Dims);
    }

    [Theory]
    [InlineData("\"a\\tb\\n\"", "a\tb\n")]
    [InlineData("'it\"s'", "it\"s")]
    [InlineData("\"a\" 'b'\n  \"c\"", "abc")]
    [InlineData("\"\\101\\x42\\u0043\\U0001F600\"", "ABC😀")]
    [InlineData("\"\\uD83D\\uDE00\"", "😀")]
    [InlineData("\"\\303\\251\"", "é")]
    [InlineData("\"\\303\" \"\\251\"", "é")]
    [InlineData("\"\\\\ \\' \\\" \\? \\a\"", "\\ ' \" ? \a")]
    [InlineData("\"# no { comment\"", "# no { comment")]
    [InlineData("\"\"", "")]
    public void Read_String_ResolvesEscapes(string literal, string expected)
    {
        var document = ConfigFixture.Text($"name: {literal}");

        Assert.Empty(document.Problems);
        Assert.Equal(expected, document.Message.Name);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("t", true)]
    [InlineData("1", true)]
    [InlineData("True", true)]
    [InlineData("false", false)]
    [InlineData("f", false)]
    [InlineData("0", false)]
    public void Read_Bool_AcceptsItsSpellings(string literal, bool expected)
    {
        var document = ConfigFixture.Text($"response_cache {{ enable: {literal} }}");

        Assert.Empty(document.Problems);
        Assert.Equal(expected, document.Message.ResponseCache.Enable);
    }

    [Theory]
    [InlineData("1.5", 1.5)]
    [InlineData("1.0f", 1.0)]
    [InlineData("10F", 10.0)]
    [InlineData(".5", 0.5)]
    [InlineData("-2e-3", -0.002)]
    [InlineData("1E+2", 100)]
    [InlineData("7", 7)]
    [InlineData("inf", double.PositiveInfinity)]
    [InlineData("-Infinity", double.NegativeInfinity)]
    [InlineData("NaN", double.NaN)]
    public void Read_Number_AcceptsItsSpellings(string literal, double expected)
    {
        var document = ConfigFixture.Text($"model_metrics {{ metric_control {{ histogram_options {{ buckets: [ {literal} ] }} }} }}");

        Assert.Empty(document.Problems);
        Assert.Equal(expected, document.Message.ModelMetrics.MetricControl[0].HistogramOptions.Buckets[0]);
    }

    [Theory]
    [InlineData("-2147483648", int.MinValue)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("0x7fffffff", int.MaxValue)]
    [InlineData("017", 15)]
    [InlineData("- 3", -3)]
    public void Read_Integer_AcceptsTheWholeRange(string literal, int expected)
    {
        var document = ConfigFixture.Text($"max_batch_size: {literal}");

        Assert.Empty(document.Problems);
        Assert.Equal(expected, document.Message.MaxBatchSize);
    }

    [Fact]
    public void Read_WideIntegers_KeepEveryBit()
    {
        var document = ConfigFixture.Text("""
            dynamic_batching { max_queue_delay_microseconds: 18446744073709551615 }
            version_policy { specific { versions: [ -9223372036854775808, 9223372036854775807 ] } }
            """);

        Assert.Empty(document.Problems);
        Assert.Equal(ulong.MaxValue, document.Message.DynamicBatching.MaxQueueDelayMicroseconds);
        Assert.Equal([long.MinValue, long.MaxValue], document.Message.VersionPolicy.Specific.Versions);
    }

    [Theory]
    [InlineData("TYPE_FP32")]
    [InlineData("11")]
    [InlineData("0xB")]
    public void Read_Enum_ByNameOrNumber(string literal) =>
        Assert.Equal(global::Inference.DataType.TypeFp32, ConfigFixture.Text($"input {{ data_type: {literal} }}").Message.Input[0].DataType);

    [Fact]
    public void Read_Maps_OfAllKinds()
    {
        var document = ConfigFixture.Text("""
            parameters { key: "a" value { string_value: "1" } }
            parameters: { value: { string_value: "2" } key: "b" }
            metric_tags [ { key: "k" value: "v" }, { key: "l" } ]
            dynamic_batching { priority_queue_policy { key: 2 value { max_queue_size: 9 } } }
            """);

        Assert.Empty(document.Problems);
        Assert.Equal("1", document.Message.Parameters["a"].StringValue);
        Assert.Equal("2", document.Message.Parameters["b"].StringValue);
        Assert.Equal("v", document.Message.MetricTags["k"]);
        Assert.Equal("", document.Message.MetricTags["l"]);
        Assert.Equal(9u, document.Message.DynamicBatching.PriorityQueuePolicy[2].MaxQueueSize);
    }

    [Fact]
    public void Positions_Written_AreTheFieldsAndElements()
    {
        var positions = ConfigFixture.Text("max_batch_size: 0\ninput [\n  { name: \"X\"\n    dims: [ 1, 2 ] } ]\nparameters { key: \"a.b[0]\" value { string_value: \"1\" } }").Positions;

        Assert.True(positions.WasWritten("max_batch_size"));
        Assert.False(positions.WasWritten("name"));
        Assert.Equal(new ConfigPosition(1, 1), positions.Find("max_batch_size"));
        Assert.Equal(new ConfigPosition(3, 3), positions.Find("input[0]"));
        Assert.Equal(new ConfigPosition(4, 5), positions.Find("input[0].dims"));
        Assert.Equal(new ConfigPosition(4, 16), positions.Find("input[0].dims[1]"));
        Assert.Equal(new ConfigPosition(5, 12), positions.Find("parameters[\"a.b[0]\"]"));
    }

    [Theory]
    [InlineData("input[0].data_type", 1, 9)]
    [InlineData("input[0].reshape.shape[3]", 1, 9)]
    [InlineData("input[7].name", 1, 1)]
    [InlineData("output", 0, 0)]
    public void Positions_NotWritten_FallBackToTheBlockAround(string path, int line, int column) =>
        Assert.Equal(new ConfigPosition(line, column), ConfigFixture.Text("input [ { name: \"X\" } ]").Positions.Find(path));

    [Fact]
    public void Message_ChangedByOneReader_StaysForTheNext()
    {
        var document = ConfigFixture.Text("name: \"m\"");
        document.Message.Name = "other";

        Assert.Equal("m", document.Message.Name);
    }

    [Fact]
    public void Empty_Document_HasNothing()
    {
        var document = ModelConfigDocument.Empty("config.pbtxt");

        Assert.Empty(document.Problems);
        Assert.Equal(new global::Inference.ModelConfig(), document.Message);
        Assert.False(document.Positions.WasWritten("name"));
    }
}
