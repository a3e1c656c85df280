using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Binary;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>Requests with their elements as bytes beside a copy of these.</summary>
public class BinaryIn : Suite
{
    public override IEnumerable<object> Cases => StageCatalog.Carried;

    private TensorCase Tensor => (TensorCase)Case;

    [GlobalSetup(Target = nameof(Stage))]
    public void SetUpStage() => Begin(new BinaryReadStage(Tensor));

    [Benchmark(Description = StageCatalog.BinaryIn)]
    public void Stage() => Run();

    [GlobalSetup(Target = nameof(Copy))]
    public void SetUpCopy() => Begin(new CopyStage(Tensor.Bytes));

    [Benchmark(Description = "memcpy", Baseline = true)]
    public void Copy() => Run();
}
