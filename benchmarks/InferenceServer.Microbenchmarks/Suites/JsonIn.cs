using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Json;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>Requests in JSON beside the reader of the base library, and beside a copy of their text.</summary>
public class JsonIn : Suite
{
    public override IEnumerable<object> Cases => TensorCase.All;

    private TensorCase Tensor => (TensorCase)Case;

    [GlobalSetup(Target = nameof(Stage))]
    public void SetUpStage() => Begin(new JsonReadStage(Tensor));

    [Benchmark(Description = StageCatalog.JsonIn)]
    public void Stage() => Run();

    [GlobalSetup(Target = nameof(BaseLibrary))]
    public void SetUpBaseLibrary() => Begin(new JsonReadFloor(Tensor));

    [Benchmark(Description = "Utf8JsonReader", Baseline = true)]
    public void BaseLibrary() => Run();

    [GlobalSetup(Target = nameof(Copy))]
    public void SetUpCopy() => Begin(new CopyStage(JsonRequest.Of(Tensor)));

    [Benchmark(Description = "memcpy")]
    public void Copy() => Run();
}
