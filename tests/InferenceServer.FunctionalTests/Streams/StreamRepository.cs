using InferenceServer.Testing.Files;

namespace InferenceServer.FunctionalTests.Streams;

/// <summary>A repository of models that need no file: decoupled ones, a plain one and a slow one.</summary>
internal static class StreamRepository
{
    public static void Write(TemporaryDirectory folder)
    {
        folder.Write("repeater/config.pbtxt", """
            backend: "repeat"
            max_batch_size: 0
            input [ { name: "IN" data_type: TYPE_INT32 dims: [ -1 ] }, { name: "DELAY" data_type: TYPE_UINT32 dims: [ -1 ] }, { name: "WAIT" data_type: TYPE_UINT32 dims: [ 1 ] } ]
            output [ { name: "OUT" data_type: TYPE_INT32 dims: [ 1 ] }, { name: "IDX" data_type: TYPE_UINT32 dims: [ 1 ] } ]
            model_transaction_policy { decoupled: true }
            """);
        folder.Write("squarer/config.pbtxt", """
            backend: "square"
            max_batch_size: 0
            input [ { name: "IN" data_type: TYPE_INT32 dims: [ 1 ] } ]
            output [ { name: "OUT" data_type: TYPE_INT32 dims: [ 1 ] } ]
            model_transaction_policy { decoupled: true }
            """);
        folder.Write("plain/config.pbtxt", Identity(""));
        folder.Write("slow/config.pbtxt", Identity("parameters { key: \"execute_delay_ms\" value { string_value: \"30\" } }"));
        folder.Write("failing/config.pbtxt", Identity("parameters { key: \"fail\" value { string_value: \"it broke\" } }"));
        foreach (var model in new[] { "repeater", "squarer", "plain", "slow", "failing" })
        {
            Directory.CreateDirectory(Path.Combine(folder.FullPath, model, "1"));
        }
    }

    private static string Identity(string more) => $$"""
        backend: "identity"
        max_batch_size: 0
        input [ { name: "X" data_type: TYPE_INT32 dims: [ -1 ] } ]
        output [ { name: "Y" data_type: TYPE_INT32 dims: [ -1 ] } ]
        {{more}}
        """;
}
