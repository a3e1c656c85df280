using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Messages;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>Requests over gRPC as nearly all clients send them: read in place, by the generated reader, and their elements copied.</summary>
public class MessageIn : Suite
{
    public override IEnumerable<object> Cases => StageCatalog.Carried;

    private TensorCase Tensor => (TensorCase)Case;

    [GlobalSetup(Target = nameof(Stage))]
    public void SetUpStage() => Begin(new PlainReadStage(SampleMessage.Raw(Tensor)));

    [Benchmark(Description = StageCatalog.MessageIn)]
    public void Stage() => Run();

    [GlobalSetup(Target = nameof(Generated))]
    public void SetUpGenerated() => Begin(new GeneratedReadStage(SampleMessage.Raw(Tensor), Tensor.Type));

    [Benchmark(Description = StageCatalog.GeneratedIn)]
    public void Generated() => Run();

    [GlobalSetup(Target = nameof(Copy))]
    public void SetUpCopy() => Begin(new CopyStage(Tensor.Bytes));

    [Benchmark(Description = "memcpy", Baseline = true)]
    public void Copy() => Run();
}
