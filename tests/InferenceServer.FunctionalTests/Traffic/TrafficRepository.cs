using InferenceServer.FunctionalTests.Sequences;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>Models that differ in how their requests are scheduled.</summary>
internal static class TrafficRepository
{
    /// <summary>Numbers and texts of free length: other lengths end a batch. Three priorities, a delay and a preferred size.</summary>
    public const string Mixed = "mixed";

    /// <summary>A real network of sums and differences.</summary>
    public const string Sums = "sums";

    /// <summary>The same, with its answers kept.</summary>
    public const string Cached = "cached";

    /// <summary>Answers in the order of the requests.</summary>
    public const string Ordered = "ordered";

    /// <summary>Fails every so many executions, with all that are in them.</summary>
    public const string Failing = "failing";

    /// <summary>Does not batch.</summary>
    public const string Single = "single";

    /// <summary>Has room for two that wait.</summary>
    public const string Narrow = "narrow";

    /// <summary>Gives up those whose own timeout is over.</summary>
    public const string Timed = "timed";

    /// <summary>Requests of any length in one batch.</summary>
    public const string Ragged = "ragged";

    /// <summary>An ensemble: sums, and sums of those, beside one another.</summary>
    public const string Chain = "chain";

    /// <summary>An ensemble with a step that may fail.</summary>
    public const string Doubtful = "doubtful";

    /// <summary>Sums up sequences, each in a row of its own.</summary>
    public const string Rowed = "rowed";

    /// <summary>Sums up sequences that mingle in any row of two instances.</summary>
    public const string Mingled = "mingled";

    public static void Write(TemporaryDirectory folder)
    {
        SummingModel.Write(folder, 1, "max_sequence_idle_microseconds: 5000000 direct { }", 128, Rowed);
        SummingModel.Write(folder, 1, "max_sequence_idle_microseconds: 5000000 oldest { max_candidate_sequences: 64 }", 8, Mingled, instances: 2);
        Identity(folder, Mixed, 8, $"{Tensors("INT32", "-1", second: true)} dynamic_batching {{ preferred_batch_size: 6 max_queue_delay_microseconds: 500 priority_levels: 3 default_priority_level: 2 }} instance_group {{ count: 2 }}", delay: 2);
        Identity(folder, Ordered, 4, $"{Tensors("INT32", "2")} dynamic_batching {{ preserve_ordering: true }} instance_group {{ count: 2 }}", delay: 2);
        Identity(folder, Failing, 4, $"{Tensors("INT32", "2")} parameters {{ key: \"fail_every\" value {{ string_value: \"7\" }} }}", delay: 2);
        Identity(folder, Single, 0, Tensors("INT32", "-1"), delay: 0);
        Identity(folder, Narrow, 2, $"{Tensors("INT32", "2")} dynamic_batching {{ default_queue_policy {{ max_queue_size: 2 }} }} instance_group {{ count: 1 }}", delay: 2);
        Identity(folder, Timed, 2, $"{Tensors("INT32", "2")} dynamic_batching {{ default_queue_policy {{ allow_timeout_override: true }} }} instance_group {{ count: 1 }}", delay: 2);
        Identity(folder, Ragged, 8, """
            input { name: "X" data_type: TYPE_INT32 dims: -1 allow_ragged_batch: true }
            output { name: "Y" data_type: TYPE_INT32 dims: -1 }
            batch_output { kind: BATCH_SCATTER_WITH_INPUT_SHAPE target_name: "Y" source_input: "X" }
            """, delay: 2);
        var sums = new OnnxModelBuilder()
            .Input("A", OnnxElementType.Float, "rows", 2).Input("B", OnnxElementType.Float, "rows", 2)
            .Output("SUM", OnnxElementType.Float, "rows", 2).Output("DIFFERENCE", OnnxElementType.Float, "rows", 2)
            .Node("Add", ["A", "B"], ["SUM"]).Node("Sub", ["A", "B"], ["DIFFERENCE"]).Build();
        folder.Write($"{Sums}/1/model.onnx", sums);
        folder.Write($"{Sums}/config.pbtxt", "max_batch_size: 8");
        folder.Write($"{Cached}/1/model.onnx", sums);
        folder.Write($"{Cached}/config.pbtxt", "max_batch_size: 8 response_cache { enable: true }");
        folder.Write($"{Chain}/config.pbtxt", $$"""
            platform: "ensemble" max_batch_size: 8
            input [ { name: "A" data_type: TYPE_FP32 dims: 2 }, { name: "B" data_type: TYPE_FP32 dims: 2 } ]
            output [ { name: "SUM" data_type: TYPE_FP32 dims: 2 }, { name: "TWICE_A" data_type: TYPE_FP32 dims: 2 }, { name: "TWICE_B" data_type: TYPE_FP32 dims: 2 } ]
            ensemble_scheduling { step [
              { model_name: "{{Sums}}" input_map { key: "A" value: "A" } input_map { key: "B" value: "B" } output_map { key: "SUM" value: "SUM" } output_map { key: "DIFFERENCE" value: "d" } },
              { model_name: "{{Sums}}" input_map { key: "A" value: "SUM" } input_map { key: "B" value: "d" } output_map { key: "SUM" value: "TWICE_A" } output_map { key: "DIFFERENCE" value: "TWICE_B" } }
            ] }
            """);
        folder.Write($"{Doubtful}/config.pbtxt", $$"""
            platform: "ensemble" max_batch_size: 4
            input { name: "X" data_type: TYPE_INT32 dims: 2 }
            output { name: "Y" data_type: TYPE_INT32 dims: 2 }
            ensemble_scheduling { step [
              { model_name: "{{Failing}}" input_map { key: "X" value: "X" } output_map { key: "Y" value: "y" } },
              { model_name: "{{Ordered}}" input_map { key: "X" value: "y" } output_map { key: "Y" value: "Y" } }
            ] }
            """);
        foreach (var ensemble in new[] { Chain, Doubtful })
        {
            Directory.CreateDirectory(Path.Combine(folder.FullPath, ensemble, "1"));
        }
    }

    private static string Tensors(string type, string dims, bool second = false) =>
        $"input [ {{ name: \"X\" data_type: TYPE_{type} dims: {dims} }}{(second ? ", { name: \"S\" data_type: TYPE_STRING dims: 1 }" : "")} ] output [ {{ name: \"Y\" data_type: TYPE_{type} dims: {dims} }}{(second ? ", { name: \"T\" data_type: TYPE_STRING dims: 1 }" : "")} ]";

    private static void Identity(TemporaryDirectory folder, string name, int maxBatchSize, string rest, int delay)
    {
        folder.Write($"{name}/config.pbtxt", $$"""
            backend: "identity"
            max_batch_size: {{maxBatchSize}}
            parameters { key: "execute_delay_ms" value { string_value: "{{delay}}" } }
            parameters { key: "auto_warmup" value { string_value: "false" } }
            {{rest}}
            """);
        Directory.CreateDirectory(Path.Combine(folder.FullPath, name, "1"));
    }
}
