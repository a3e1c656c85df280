using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Json;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>Answers in JSON beside the writer of the base library, and beside a copy of their elements.</summary>
public class JsonOut : Suite
{
    public override IEnumerable<object> Cases => TensorCase.All;

    private TensorCase Tensor => (TensorCase)Case;

    [GlobalSetup(Target = nameof(Stage))]
    public void SetUpStage() => Begin(new JsonWriteStage(Tensor));

    [Benchmark(Description = StageCatalog.JsonOut)]
    public void Stage() => Run();

    [GlobalSetup(Target = nameof(BaseLibrary))]
    public void SetUpBaseLibrary() => Begin(new JsonWriteFloor(Tensor));

    [Benchmark(Description = "Utf8JsonWriter", Baseline = true)]
    public void BaseLibrary() => Run();

    [GlobalSetup(Target = nameof(Copy))]
    public void SetUpCopy() => Begin(new CopyStage(Tensor.Bytes));

    [Benchmark(Description = "memcpy")]
    public void Copy() => Run();
}
