using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Messages;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>Requests over gRPC with typed elements: read in place, by the generated reader, and their elements copied.</summary>
public class TypedMessageIn : Suite
{
    public override IEnumerable<object> Cases => StageCatalog.Typed;

    private TensorCase Tensor => (TensorCase)Case;

    [GlobalSetup(Target = nameof(Stage))]
    public void SetUpStage() => Begin(new PlainReadStage(SampleMessage.Typed(Tensor)));

    [Benchmark(Description = StageCatalog.TypedIn)]
    public void Stage() => Run();

    [GlobalSetup(Target = nameof(Generated))]
    public void SetUpGenerated() => Begin(new GeneratedReadStage(SampleMessage.Typed(Tensor), Tensor.Type));

    [Benchmark(Description = StageCatalog.TypedGeneratedIn)]
    public void Generated() => Run();

    [GlobalSetup(Target = nameof(Copy))]
    public void SetUpCopy() => Begin(new CopyStage(Tensor.Bytes));

    [Benchmark(Description = "memcpy", Baseline = true)]
    public void Copy() => Run();
}
