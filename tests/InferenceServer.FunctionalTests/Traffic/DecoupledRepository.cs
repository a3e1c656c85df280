using InferenceServer.Testing.Files;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>Models that answer any number of times, each in its own way, and one that answers once.</summary>
internal static class DecoupledRepository
{
    /// <summary>Sends each element of its input back, on three instances.</summary>
    public const string Repeated = "repeated";

    /// <summary>The same, and fails after <see cref="BreaksAfter"/> responses.</summary>
    public const string Breaking = "breaking";

    /// <summary>Answers the number n so many times: also more often than may be unread.</summary>
    public const string Squared = "squared";

    /// <summary>An ensemble: each response of <see cref="Repeated"/> goes through another model.</summary>
    public const string Spread = "spread";

    /// <summary>An ensemble whose second step fails from time to time, in the midst of the responses.</summary>
    public const string Wavering = "wavering";

    /// <summary>Answers once.</summary>
    public const string Plain = "plain";

    public const int BreaksAfter = 3;

    public static void Write(TemporaryDirectory folder)
    {
        folder.Write($"{Repeated}/config.pbtxt", Repeat("instance_group { count: 3 }"));
        folder.Write($"{Breaking}/config.pbtxt", Repeat($"instance_group {{ count: 2 }} parameters {{ key: \"fail_after\" value {{ string_value: \"{BreaksAfter}\" }} }}"));
        folder.Write($"{Squared}/config.pbtxt", """
            backend: "square"
            max_batch_size: 0
            input { name: "IN" data_type: TYPE_INT32 dims: 1 }
            output { name: "OUT" data_type: TYPE_INT32 dims: 1 }
            model_transaction_policy { decoupled: true }
            instance_group { count: 2 }
            """);
        folder.Write($"{Plain}/config.pbtxt", Identity("instance_group { count: 2 }"));
        folder.Write("passed/config.pbtxt", Identity("instance_group { count: 2 }"));
        folder.Write("breaking_step/config.pbtxt", Identity("instance_group { count: 2 } parameters { key: \"fail_every\" value { string_value: \"17\" } }"));
        folder.Write($"{Spread}/config.pbtxt", Ensemble("passed"));
        folder.Write($"{Wavering}/config.pbtxt", Ensemble("breaking_step"));
        foreach (var model in new[] { Repeated, Breaking, Squared, Plain, "passed", "breaking_step", Spread, Wavering })
        {
            Directory.CreateDirectory(Path.Combine(folder.FullPath, model, "1"));
        }
    }

    private static string Repeat(string rest) => $$"""
        backend: "repeat"
        max_batch_size: 0
        {{Tensors}}
        model_transaction_policy { decoupled: true }
        {{rest}}
        """;

    private static string Identity(string rest) => $$"""
        backend: "identity"
        max_batch_size: 0
        input { name: "IN" data_type: TYPE_INT32 dims: 1 }
        output { name: "OUT" data_type: TYPE_INT32 dims: 1 }
        parameters { key: "auto_warmup" value { string_value: "false" } }
        {{rest}}
        """;

    private static string Ensemble(string second) => $$"""
        platform: "ensemble"
        max_batch_size: 0
        {{Tensors}}
        ensemble_scheduling { step [
          {
            model_name: "{{Repeated}}"
            input_map { key: "IN" value: "IN" } input_map { key: "DELAY" value: "DELAY" } input_map { key: "WAIT" value: "WAIT" }
            output_map { key: "OUT" value: "value" } output_map { key: "IDX" value: "IDX" }
          },
          { model_name: "{{second}}" input_map { key: "IN" value: "value" } output_map { key: "OUT" value: "OUT" } }
        ] }
        """;

    private const string Tensors = """
        input [ { name: "IN" data_type: TYPE_INT32 dims: -1 }, { name: "DELAY" data_type: TYPE_UINT32 dims: -1 }, { name: "WAIT" data_type: TYPE_UINT32 dims: 1 } ]
        output [ { name: "OUT" data_type: TYPE_INT32 dims: 1 }, { name: "IDX" data_type: TYPE_UINT32 dims: 1 } ]
        """;
}
