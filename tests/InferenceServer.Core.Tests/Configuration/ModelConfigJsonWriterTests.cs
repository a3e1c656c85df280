using System.Buffers;
using System.Text;
using InferenceServer.Core.Configuration;
using Xunit;
using static InferenceServer.Core.Tests.Configuration.ConfigFixture;

namespace InferenceServer.Core.Tests.Configuration;

public sealed class ModelConfigJsonWriterTests
{
    [Fact]
    public void Write_CompletedModel_IsWhatClientsExpect() =>
        Assert.Equal(
            """
            {"name":"m","platform":"onnxruntime_onnx","backend":"onnxruntime","runtime":"","version_policy":{"latest":{"num_versions":1}},"max_batch_size":4,"input":[{"name":"X","data_type":"TYPE_FP32","format":"FORMAT_NONE","dims":[4],"is_shape_tensor":false,"allow_ragged_batch":false,"optional":false,"is_non_linear_format_io":false}],"output":[{"name":"Y","data_type":"TYPE_FP32","dims":[2],"label_filename":"","is_shape_tensor":false,"is_non_linear_format_io":false}],"batch_input":[],"batch_output":[],"optimization":{"priority":"PRIORITY_DEFAULT","input_pinned_memory":{"enable":true},"output_pinned_memory":{"enable":true},"gather_kernel_buffer_threshold":0,"eager_batching":false},"dynamic_batching":{"preferred_batch_size":[4],"max_queue_delay_microseconds":0,"preserve_ordering":false,"priority_levels":0,"default_priority_level":0,"priority_queue_policy":{}},"instance_group":[{"name":"m","kind":"KIND_CPU","count":1,"gpus":[],"secondary_devices":[],"profile":[],"passive":false,"host_policy":""}],"default_model_filename":"model.onnx","cc_model_filenames":{},"metric_tags":{},"parameters":{},"model_warmup":[]}
            """,
            Json(Complete("", Batchable).ToMessage()));

    [Fact]
    public void Write_WideIntegers_AreNumbersButForThreeFields()
    {
        var json = Json(Text("""
            version_policy { specific { versions: [ 9007199254740993 ] } }
            instance_group { secondary_devices { device_id: 5 } }
            optimization { cuda { graph_spec { input { key: "X" value { dim: [ 6 ] } } } } }
            sequence_batching { max_sequence_idle_microseconds: 7 state { dims: 8 initial_state { dims: 9 zero_data: false } } }
            """).Message);

        Assert.Contains("\"versions\":[9007199254740993]", json, StringComparison.Ordinal);
        Assert.Contains("\"device_id\":\"5\"", json, StringComparison.Ordinal);
        Assert.Contains("\"dim\":[\"6\"]", json, StringComparison.Ordinal);
        Assert.Contains("\"max_sequence_idle_microseconds\":7", json, StringComparison.Ordinal);
        Assert.Contains("\"dims\":[8],\"initial_state\":[{\"data_type\":\"TYPE_INVALID\",\"dims\":[\"9\"],\"zero_data\":false,\"name\":\"\"}]", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Maps_HaveEveryKey()
    {
        var json = Json(Text("""
            metric_tags { key: "tier" }
            parameters { key: "a<b>" value { string_value: "é" } }
            parameters { key: "c" }
            dynamic_batching { priority_queue_policy { key: 1 value { timeout_action: DELAY } } }
            """).Message);

        Assert.Contains("\"metric_tags\":{\"tier\":\"\"}", json, StringComparison.Ordinal);
        Assert.Contains("\"parameters\":{\"a<b>\":{\"string_value\":\"é\"},\"c\":{\"string_value\":\"\"}}", json, StringComparison.Ordinal);
        Assert.Contains("\"priority_queue_policy\":{\"1\":{\"timeout_action\":\"DELAY\",\"default_timeout_microseconds\":0,\"allow_timeout_override\":false,\"max_queue_size\":0}}", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Indented_IsForReading()
    {
        var buffer = new ArrayBufferWriter<byte>();
        ModelConfigJsonWriter.Write(new global::Inference.ModelConfig { Name = "m" }, buffer, isIndented: true);

        Assert.StartsWith("{\n  \"name\": \"m\"", Encoding.UTF8.GetString(buffer.WrittenSpan).ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    private static string Json(global::Inference.ModelConfig message) => Encoding.UTF8.GetString(ModelConfigJsonWriter.Write(message));
}
