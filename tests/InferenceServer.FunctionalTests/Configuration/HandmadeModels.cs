using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;

namespace InferenceServer.FunctionalTests.Configuration;

/// <summary>Models with configurations of all sorts, each with the files that it needs.</summary>
internal static class HandmadeModels
{
    private const string Pair = "input { name: \"X\" data_type: TYPE_FP32 dims: [ 4 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ 4 ] }";

    private static readonly Dictionary<string, (string Config, byte[]? Onnx)> s_models = new(StringComparer.Ordinal)
    {
        ["reshaped"] = ("backend: \"identity\" max_batch_size: 3 input { name: \"X\" data_type: TYPE_INT8 dims: [ 2, 3 ] reshape { shape: [ 6 ] } } output { name: \"Y\" data_type: TYPE_INT8 dims: [ 3, 2 ] reshape { shape: [ 6 ] } }", null),
        ["scalars"] = ("backend: \"identity\" max_batch_size: 3 input { name: \"X\" data_type: TYPE_UINT64 dims: [ 1 ] reshape { } } output { name: \"Y\" data_type: TYPE_UINT64 dims: [ 1 ] reshape { } }", null),
        ["types"] = ("backend: \"identity\" input [ { name: \"S\" data_type: TYPE_STRING dims: [ -1 ] }, { name: \"B\" data_type: TYPE_BOOL dims: [ -1, 2 ] }, { name: \"D\" data_type: TYPE_FP64 dims: [ 3 ] } ] output [ { name: \"S2\" data_type: TYPE_STRING dims: [ -1 ] }, { name: \"B2\" data_type: TYPE_BOOL dims: [ -1, -1 ] }, { name: \"D2\" data_type: TYPE_FP64 dims: [ -1 ] } ]", null),
        ["words"] = ($"backend: \"identity\" {Pair} parameters {{ key: \"a \\\"b\\\"\\\\ \\303\\244 \\n\" value {{ string_value: \"\\t'ö' \\001\" }} }} parameters {{ key: \"empty\" value {{ }} }} metric_tags {{ key: \"team\" value: \"search \\\"x\\\"\" }} model_metrics {{ metric_control {{ metric_identifier {{ family: \"nv_inference_first_response_histogram_ms\" }} histogram_options {{ buckets: [ 0.1, 1.5, 1e3 ] }} }} }}", null),
        ["knobs"] = ($"backend: \"identity\" max_batch_size: 16 {Pair} dynamic_batching {{ preferred_batch_size: [ 8, 2, 2 ] max_queue_delay_microseconds: 9 default_queue_policy {{ timeout_action: REJECT default_timeout_microseconds: 9007199254740993 allow_timeout_override: true max_queue_size: 4294967295 }} }}", null),
        ["groups"] = ($"backend: \"identity\" max_batch_size: 1 {Pair} instance_group [ {{ name: \"first\" count: 2 }}, {{ kind: KIND_MODEL }}, {{ count: 1 kind: KIND_CPU }} ]", null),
        ["without"] = ("max_batch_size: 0", SampleOnnxModels.AddSub()),
        ["plain"] = ("", SampleOnnxModels.AddSub()),
        ["one"] = ("max_batch_size: 1", SampleOnnxModels.AddSub()),
        ["halved"] = ("max_batch_size: 5 output { name: \"OUTPUT1\" data_type: TYPE_FP32 dims: [ 16 ] }", SampleOnnxModels.AddSub()),
        ["narrow"] = ("input { name: \"INPUT1\" data_type: TYPE_FP32 dims: [ 16 ] } input { name: \"INPUT0\" data_type: TYPE_FP32 dims: [ 16 ] } max_batch_size: 2", SampleOnnxModels.AddSub()),
        ["tuned"] = ("optimization { graph { level: -1 } input_pinned_memory { enable: true } } parameters { key: \"intra_op_thread_count\" value { string_value: \"1\" } } parameters { key: \"auto_warmup\" value { string_value: \"false\" } }", SampleOnnxModels.AddSub()),
        ["scalar"] = ("", new OnnxModelBuilder().Input("X", OnnxElementType.Float).Output("Y", OnnxElementType.Float).Node("Neg", ["X"], ["Y"]).Build()),
        ["rows"] = ("", new OnnxModelBuilder().Input("X", OnnxElementType.Float, "n").Output("Y", OnnxElementType.Float, "n").Node("Neg", ["X"], ["Y"]).Build()),
        ["free"] = ("", new OnnxModelBuilder().Input("X", OnnxElementType.Float, "n", "m").Output("Y", OnnxElementType.Float, "n", "m").Node("Neg", ["X"], ["Y"]).Build()),
        ["renamed"] = ("default_model_filename: \"other.onnx\"", SampleOnnxModels.AddSub()),
        ["policy"] = ("version_policy { specific { versions: [ 3, 1 ] } }", SampleOnnxModels.AddSub()),
        ["latest"] = ("version_policy { latest { num_versions: 2 } }", SampleOnnxModels.AddSub()),
        ["warm"] = ("max_batch_size: 4 model_warmup [ { name: \"file\" batch_size: 2 count: 3 inputs [ { key: \"INPUT0\" value { data_type: TYPE_FP32 dims: [ 16 ] input_data_file: \"row\" } }, { key: \"INPUT1\" value { data_type: TYPE_FP32 dims: [ 16 ] random_data: true } } ] }, { batch_size: 1 inputs [ { key: \"INPUT1\" value { data_type: TYPE_FP32 dims: [ 16 ] zero_data: true } }, { key: \"INPUT0\" value { data_type: TYPE_FP32 dims: [ 16 ] zero_data: true } } ] } ]", SampleOnnxModels.AddSub()),
        ["labelled"] = ("max_batch_size: 4 output { name: \"OUTPUT0\" data_type: TYPE_FP32 dims: [ 16 ] label_filename: \"labels.txt\" }", SampleOnnxModels.AddSub()),
        ["noted"] = ($"backend: \"identity\" max_batch_size: 2 {Pair} dynamic_batching {{ priority_levels: 3 default_priority_level: 2 priority_queue_policy {{ key: 1 value {{ max_queue_size: 4 }} }} }} response_cache {{ enable: false }} optimization {{ priority: PRIORITY_MAX cuda {{ graphs: true }} gather_kernel_buffer_threshold: 3 eager_batching: true }} instance_group {{ host_policy: \"p\" profile: \"x\" rate_limiter {{ priority: 2 resources {{ name: \"r\" count: 1 }} }} }}", null),
        ["square"] = ("backend: \"square\" input { name: \"IN\" data_type: TYPE_INT32 dims: [ 1 ] } output { name: \"OUT\" data_type: TYPE_INT32 dims: [ 1 ] } model_transaction_policy { decoupled: true }", null),
        ["named.identity"] = (Pair, null),
    };

    public static IReadOnlyCollection<string> Names => s_models.Keys;

    /// <summary>Writes the model into a repository.</summary>
    public static void Write(TemporaryDirectory repository, string name)
    {
        var (config, onnx) = s_models[name];
        foreach (var version in name is "policy" or "latest" ? new[] { 1, 2, 3 } : [1])
        {
            Directory.CreateDirectory(Path.Combine(repository.FullPath, name, $"{version}"));
            if (onnx is not null)
            {
                repository.Write($"{name}/{version}/{(name == "renamed" ? "other" : "model")}.onnx", onnx);
            }
        }

        if (config.Length > 0)
        {
            repository.Write($"{name}/config.pbtxt", config);
        }

        repository.Write($"{name}/warmup/row", new byte[64]);
        repository.Write($"{name}/labels.txt", "zero\none\n");
    }
}
