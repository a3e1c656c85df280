using InferenceServer.Testing.Files;

namespace InferenceServer.FunctionalTests.Caching;

/// <summary>The ensemble "m", whose answers are kept as a whole, over the model "inner", which keeps none.</summary>
internal static class CachedEnsemble
{
    /// <summary>Writes both; the inner one is that of <see cref="CachedModels"/>.</summary>
    public static void Write(TemporaryDirectory repository, string operation = "Add")
    {
        CachedModels.Write(repository, operation, "inner", "max_batch_size: 4");
        Directory.CreateDirectory(Path.Combine(repository.FullPath, "m", "1"));
        repository.Write("m/config.pbtxt", """
            platform: "ensemble" max_batch_size: 4 response_cache { enable: true }
            input [ { name: "INPUT0" data_type: TYPE_FP32 dims: 2 }, { name: "INPUT1" data_type: TYPE_FP32 dims: 2 } ]
            output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: 2 }, { name: "OUTPUT1" data_type: TYPE_FP32 dims: 2 } ]
            ensemble_scheduling {
              step {
                model_name: "inner" model_version: -1
                input_map { key: "INPUT0" value: "INPUT0" } input_map { key: "INPUT1" value: "INPUT1" }
                output_map { key: "OUTPUT0" value: "OUTPUT0" } output_map { key: "OUTPUT1" value: "OUTPUT1" }
              }
            }
            """);
    }
}
