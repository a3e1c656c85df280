using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Host.Reference;

/// <summary>The backends that come with the server and lie in folders. A test holds the names against their manifests and sources.</summary>
internal static class FolderBackends
{
    private static readonly SettingDescription s_treeThreads = new("num_threads", "number, 1 to 1024", "1", "Threads that may share the rows of one execution.");

    public static ImmutableArray<FolderBackend> All { get; } =
    [
        new("pytorch", "torchscript.md",
            [
                new("intra_op_thread_count", "number, 1 to 4096", "the processors, divided by the model's instances on the CPU", "Threads inside an operator, for each instance."),
                new("inter_op_thread_count", "number, 1 to 4096", "the engine's", "Threads for what the code of models runs beside one another, of the whole process."),
                new("allow_files", "0, 1, false, true", "0", "Lets the code of models use operators that read and write files."),
            ],
            [
                new("MODULE_METHOD_NAME", "name of a method", "forward", "The method that requests call."),
                new("INFERENCE_MODE", "0, 1, false, true", "1", "0 lets tensors be used in later calls as those of training may."),
                new("ENABLE_WEIGHT_SHARING", "0, 1, false, true", "1 unless the model changes itself", "Whether instances of one device use one copy of the model."),
                new("DISABLE_OPTIMIZED_EXECUTION", "0, 1, false, true", "0", "1 runs the code as it is written. Linux alone."),
                new("INTRA_OP_THREAD_COUNT", "number, 1 to 4096", "intra_op_thread_count", "Threads inside an operator, for each instance of the model."),
            ]),
        new("lightgbm", "trees.md", [s_treeThreads], [s_treeThreads with { Default = "that of the backend" }]),
        new("xgboost", "trees.md", [s_treeThreads, new("library", "file", "where the system keeps libraries", "The library of XGBoost.")], [s_treeThreads with { Default = "that of the backend" }]),
        new("mlnet", "mlnet.md", [], []),
    ];
}
