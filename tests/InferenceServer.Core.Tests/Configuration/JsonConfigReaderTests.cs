using Xunit;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class JsonConfigReaderTests
{
    [Fact]
    public void Read_EveryKindOfField_GivesTheMessage()
    {
        var document = ConfigFixture.Json("""
            {
              "name": "m", "maxBatchSize": 8, "platform": null,
              "input": [ { "name": "X", "data_type": "type_fp32", "dims": [ "4", 5, 6.0, 1e2 ], "reshape": { "shape": [] } } ],
              "output": [ { "name": "Y", "dataType": 9, "dims": [] } ],
              "dynamic_batching": { "max_queue_delay_microseconds": "100", "priority_queue_policy": { "2": { "max_queue_size": 1 } } },
              "parameters": { "a": { "string_value": "1" } }, "metric_tags": { "k": "v" },
              "model_metrics": { "metric_control": [ { "histogram_options": { "buckets": [ 0.5, "NaN", "-Infinity", 2 ] } } ] },
              "response_cache": { "enable": true }
            }
            """);

        Assert.Empty(document.Problems);
        var message = document.Message;
        Assert.Equal(8, message.MaxBatchSize);
        Assert.Equal(global::Inference.DataType.TypeFp32, message.Input[0].DataType);
        Assert.Equal([4, 5, 6, 100], message.Input[0].Dims);
        Assert.NotNull(message.Input[0].Reshape);
        Assert.Equal(global::Inference.DataType.TypeInt64, message.Output[0].DataType);
        Assert.Equal(100u, message.DynamicBatching.MaxQueueDelayMicroseconds);
        Assert.Equal(1u, message.DynamicBatching.PriorityQueuePolicy[2].MaxQueueSize);
        Assert.Equal("1", message.Parameters["a"].StringValue);
        Assert.Equal([0.5, double.NaN, double.NegativeInfinity, 2], message.ModelMetrics.MetricControl[0].HistogramOptions.Buckets);
        Assert.True(message.ResponseCache.Enable);
        Assert.False(document.Positions.WasWritten("platform"));
        Assert.True(document.Positions.WasWritten("output[0].dims"));
        Assert.Equal(3, document.Positions.Find("input[0].name").Line);
    }

    [Theory]
    [InlineData("{ \"max_batchsize\": 8 }", 1, 3, "unknown field 'max_batchsize' in ModelConfig", "did you mean 'max_batch_size'?")]
    [InlineData("{\n \"input\": [ { \"nam\": 1 } ] }", 2, 15, "unknown field 'nam' in ModelInput", "did you mean 'name'?")]
    [InlineData("{ \"é\": 1 }", 1, 3, "unknown field 'é' in ModelConfig", null)]
    [InlineData("{ \"name\": \"é\", \"max_batch_size\": \"eight\" }", 1, 34, "'max_batch_size' in ModelConfig|an integer|\"eight\"", "\"max_batch_size\": 8")]
    [InlineData("{ \"max_batch_size\": 3000000000 }", 1, 21, "to 2147483647|3000000000", null)]
    [InlineData("{ \"max_batch_size\": 1.5 }", 1, 21, "an integer|1.5", null)]
    [InlineData("{ \"max_batch_size\": true }", 1, 21, "an integer|true", null)]
    [InlineData("{ \"max_batch_size\": [ 1 ] }", 1, 21, "an integer|an array", null)]
    [InlineData("{ \"name\": 5 }", 1, 11, "'name' in ModelConfig must be a string|the number 5", "\"name\": \"5\"")]
    [InlineData("{ \"input\": { \"name\": \"X\" } }", 1, 12, "'input' in ModelConfig must be an array|an object", "put it in brackets: \"input\": [ ... ]")]
    [InlineData("{ \"input\": [ \"X\" ] }", 1, 14, "an object (ModelInput)|\"X\"", null)]
    [InlineData("{ \"input\": [ null ] }", 1, 14, "an object (ModelInput)|null", null)]
    [InlineData("{ \"input\": [ { \"data_type\": \"FP32\" } ] }", 1, 29, "a value of DataType|\"FP32\"", "did you mean 'TYPE_FP32'?")]
    [InlineData("{ \"input\": [ { \"data_type\": 99 } ] }", 1, 29, "a value of DataType|99", null)]
    [InlineData("{ \"response_cache\": { \"enable\": \"true\" } }", 1, 33, "true or false|\"true\"", "leave out the quotes")]
    [InlineData("{ \"parameters\": [] }", 1, 17, "an object of keys and values|an array", null)]
    [InlineData("{ \"parameters\": { \"a\": \"1\" } }", 1, 24, "an object (ModelParameter)|\"1\"", null)]
    [InlineData("{ \"dynamic_batching\": { \"priority_queue_policy\": { \"x\": {} } } }", 1, 52, "'key' in an entry of 'priority_queue_policy'|an integer|\"x\"", null)]
    [InlineData("{ \"name\": \"a\", \"name\": \"b\" }", 1, 16, "'name' in ModelConfig is given twice|1:3", "keep one")]
    [InlineData("{ \"input\": [], \"input\": [] }", 1, 16, "'input' in ModelConfig is given twice|1:3", "keep one")]
    [InlineData("{ \"parameters\": { \"a\": {}, \"a\": {} } }", 1, 28, "the key \"a\" of 'parameters' is given twice|1:19", null)]
    [InlineData("{ \"dynamic_batching\": {}, \"sequence_batching\": {} }", 1, 27, "exclude each other|1:3", null)]
    [InlineData("[ 1 ]", 1, 1, "a JSON object|an array", null)]
    [InlineData("{ \"name\": \"m\",\n  oops }", 2, 3, "this is not JSON", null)]
    [InlineData("{ \"name\": \"m\"", 1, 14, "this is not JSON", null)]
    [InlineData("{ } x", 1, 5, "this is not JSON", null)]
    [InlineData("", 1, 1, "this is not JSON", null)]
    public void Read_OneMistake_IsReportedOnceWithItsPlace(string text, int line, int column, string words, string? suggestion) =>
        ProblemAssert.Single(ConfigFixture.Json(text).Problems, line, column, words, suggestion);

    [Fact]
    public void Read_FourMistakes_AreReportedTogether()
    {
        var problems = ConfigFixture.Json("""
            {
              "max_batchsize": 8,
              "input": [ { "name": 1, "dims": [ "x", 2 ] } ],
              "instance_group": [ { "kind": "CPU", "count": 2 } ]
            }
            """).Problems;

        Assert.Equal([2, 3, 3, 4], problems.Select(problem => problem.Line));
        Assert.Equal("did you mean 'KIND_CPU'?", problems[3].Suggestion);
    }

    [Fact]
    public void Read_HalfASurrogatePair_DoesNotThrow() =>
        Assert.Equal("\uFFFD", ConfigFixture.Json("{ \"name\": \"\\ud800\" }").Message.Name);

    [Fact]
    public void Read_NestedTooDeep_IsReported() =>
        Assert.Contains("this is not JSON", Assert.Single(ConfigFixture.Json("{\"a\":" + new string('[', 100_000)).Problems, problem => problem.Line == 1 && problem.Message.Contains("not JSON", StringComparison.Ordinal)).Message, StringComparison.Ordinal);
}
